import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./programs.ts";
import type { AppName } from "./world.ts";

/** The last commit whose records have format 1. */
const COMMIT = "4922f135a267e465d048b32b03db824af6317328";

/** Reason why that version cannot run (this checkout is a shallow clone), or null. In CI, a missing version fails the tests instead. */
export const formerVersionUnavailableReason =
  process.env["CI"] !== undefined ||
  spawnSync("git", ["-C", ROOT, "cat-file", "-e", `${COMMIT}^{tree}`], { stdio: "ignore" }).status === 0
    ? null
    : `this checkout does not have commit ${COMMIT}`;

/** Its GitHub client without Octokit's plugins for retries and limits, because this checkout does not have these packages. */
const OCTOKIT = `import { Octokit } from "@octokit/rest";
const quiet = () => undefined;
export const createOctokit = ({ apiUrl, auth, fetch }) =>
  new Octokit({
    baseUrl: apiUrl.replace(/\\/+$/, ""),
    ...auth,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    request: { fetch, redirect: "manual" },
  });
`;

/**
 * Put the sources of the version before format 2 into a folder, with the packages of this checkout.
 * @returns a function from the name of an app to the program that `startApp` starts
 */
export function formerVersion(folder: string): (name: AppName) => readonly string[] {
  mkdirSync(folder);
  const archive = execFileSync("git", ["-C", ROOT, "archive", COMMIT, "apps", "packages", "bin", "package.json"], {
    maxBuffer: 256 * 1024 ** 2,
  });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  writeFileSync(join(folder, "packages/core/src/github/octokit.ts"), OCTOKIT);
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@tac8"), { recursive: true });
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (name !== "@tac8") symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  for (const name of readdirSync(join(folder, "packages"))) {
    symlinkSync(join(folder, "packages", name), join(modules, "@tac8", name));
  }
  const sh = ["/bin/sh", "-c", 'main=$0; exec "$1" "$main"'];
  return (name) => [...sh, join(folder, "apps", name, "src/main.ts")];
}
