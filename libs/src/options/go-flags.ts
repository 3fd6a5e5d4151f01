/** What `withDoubleDashes` needs to know of a command. */
interface Flags {
  options: readonly { long?: string | undefined; required: boolean }[];
}

/**
 * Rewrites Go's `-flag value` and `-flag=value` into the double-dash spelling that commander takes.
 * The value behind a flag is left as it is, whatever it looks like.
 *
 * @param args the arguments, without node and the script.
 */
export function withDoubleDashes(args: readonly string[], commands: readonly Flags[]): string[] {
  const takesValue = new Map(
    commands.flatMap(({ options }) => options.map((option) => [option.long, option.required])),
  );
  const result: string[] = [];
  let isValue = false;
  for (const [index, arg] of args.entries()) {
    if (isValue) {
      result.push(arg);
      isValue = false;
      continue;
    }
    if (arg === '--') return [...result, ...args.slice(index)];
    const dashed = /^-[a-z][a-z-]/i.test(arg) ? `-${arg}` : arg;
    result.push(dashed);
    isValue = takesValue.get(dashed) ?? false;
  }
  return result;
}
