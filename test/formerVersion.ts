import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./programs.ts";
import type { AppName } from "./world.ts";

/** The last commit whose records have format 1. */
const COMMIT = "4922f135a267e465d048b32b03db824af6317328";

/** Why that version cannot be run: this checkout is a shallow clone. Null: it can. In CI, its absence fails the tests instead. */
export const whyNoFormerVersion =
  process.env["CI"] !== undefined ||
  spawnSync("git", ["-C", ROOT, "cat-file", "-e", `${COMMIT}^{tree}`], { stdio: "ignore" }).status === 0
    ? null
    : `this checkout does not have commit ${COMMIT}`;

/** Its client of GitHub without Octokit's plugins for retries and limits, which are no packages of this checkout. */
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
 * Puts the sources of the version before format 2 into a folder, with the packages of this checkout.
 * @returns for an app of that version, what `startApp` takes as the program that starts it
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
