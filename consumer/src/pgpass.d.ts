/** It has no types of its own. */
declare module 'pgpass' {
  export default function pgpass(
    login: { host: string; port: number; database: string; user: string },
    callback: (password: string | undefined) => void,
  ): void;
}
