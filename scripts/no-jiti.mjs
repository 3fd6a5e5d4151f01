/**
 * Stands in for jiti in the bundle: every migration is SQL, so none is ever loaded as TypeScript.
 */
export const createJiti = () => undefined;
