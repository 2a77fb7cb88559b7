import type { ChildProcess } from "node:child_process";

/** Why a child without pipes was not started. */
export const TOO_MANY_FILES = "too many open files: raise the limit (ulimit -n), or run fewer agents at once";

type PipeName = "stdin" | "stdout" | "stderr";
type Pipes<Name extends PipeName> = { readonly [name in Name]: NonNullable<ChildProcess[name]> };

/**
 * Return these standard streams, which are pipes, of a child that was just spawned. Null: this machine has no free descriptor for them. The
 * child was not started then and its streams are undefined, which their types exclude.
 */
export function pipesOf<Name extends PipeName>(child: ChildProcess, ...names: Name[]): Pipes<Name> | null {
  const pipes = names.map((name) => [name, child[name]] as const);
  if (pipes.every(([, pipe]) => Boolean(pipe))) return Object.fromEntries(pipes) as Pipes<Name>;
  child.on("error", () => undefined); // It is emitted later, and has no more information.
  return null;
}
