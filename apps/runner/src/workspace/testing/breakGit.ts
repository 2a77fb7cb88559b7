import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Create a git that runs the script `shell` in one of its commands. @returns its environment */
export async function breakGit(
  env: Readonly<Record<string, string>>,
  { dir, command, shell }: { readonly dir: string; readonly command: string; readonly shell: string },
): Promise<Record<string, string>> {
  const bin = join(dir, `broken-${randomUUID()}`);
  const path = env["PATH"] ?? "";
  await mkdir(bin);
  const script = `#!/bin/sh\nPATH='${path}'\n[ "$1" = ${command} ] && { ${shell}; }\nexec git "$@"\n`;
  await writeFile(join(bin, "git"), script, { mode: 0o755 });
  return { ...env, PATH: `${bin}:${path}` };
}
