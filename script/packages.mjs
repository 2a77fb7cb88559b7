// The npm packages of this checkout. Runs on Node 18.
import { copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { replace, stagingFolder } from "../packages/build/staging.mjs";
import { bundledNode, MINIMUM, ownNodeIsNewEnough, ownPath } from "../bin/lib/node.mjs";
import { run, step } from "../bin/lib/step.mjs";

/**
 * Run `npm ci` if node_modules differs from package-lock.json. It installs into a folder beside node_modules, which replaces
 * node_modules when it is complete. So a running tac8 always has its packages, and a failure keeps the old ones.
 * @param {{root: string, dev: boolean}} options
 * @throws Error with npm's last lines, or with what to do if no suitable Node was installed
 */
export function installPackages({ root, dev }) {
  const lacksNode = () => !ownNodeIsNewEnough() && bundledNode(root) === null;
  const wanted = readJson(join(root, "package-lock.json"));
  const installed = readJson(join(root, "node_modules", ".package-lock.json"));
  if (!isInstalled({ wanted, installed, dev }) || lacksNode()) {
    step(`Installing npm packages${dev ? ", those of the tests too" : ""}`, () => installBeside({ root, dev, wanted }));
  }
  if (lacksNode()) {
    throw new Error(
      `npm brought no Node for ${process.platform} ${process.arch} (is the disk full?): install Node ${MINIMUM} or newer (https://nodejs.org), then run this again`,
    );
  }
  linkCommands(root);
}

function installBeside({ root, dev, wanted }) {
  const stage = stagingFolder(root, "install");
  try {
    const workspaces = Object.keys(wanted.packages).filter((path) => path !== "" && !path.includes("node_modules/"));
    const manifests = [
      "package.json",
      "package-lock.json",
      ".npmrc",
      ...workspaces.map((path) => `${path}/package.json`),
    ];
    for (const file of manifests) {
      mkdirSync(dirname(join(stage, file)), { recursive: true });
      copyFileSync(join(root, file), join(stage, file));
    }
    ci({ stage, dev });
    for (const folder of ["", ...workspaces]) exchange({ root, stage, folder: join(folder, "node_modules") });
  } finally {
    rmSync(stage, { recursive: true, force: true, maxRetries: 3 });
  }
}

function ci({ stage, dev }) {
  const { ok, problem } = run({
    program: "npm",
    args: ["ci", "--loglevel=error", "--no-audit", "--no-fund", dev ? "--include=dev" : "--omit=dev"],
    cwd: stage,
    // Use the machine's own Node, because the one in node_modules is about to be replaced.
    env: { PATH: ownPath() },
    minutes: 30,
  });
  if (!ok) throw new Error(`${problem}\nnpm ci failed: see the lines above, then run this again`);
}

function exchange({ root, stage, folder }) {
  const fresh = join(stage, folder);
  const place = join(root, folder);
  if (!existsSync(fresh)) {
    rmSync(place, { recursive: true, force: true });
    return;
  }
  try {
    replace({ fresh, place, previous: join(stage, `${folder}.old`) });
  } catch (error) {
    // For example because the folder is a mounted volume.
    throw new Error(`${place} cannot be replaced (${error.message}): run "npm ci" there, then this again`, {
      cause: error,
    });
  }
}

/**
 * Return whether npm's record of the installed packages has every package of the lockfile. Who installed them does not
 * matter. Optional packages do not count: most are for other platforms.
 * @param {{wanted: object, installed: object | null, dev: boolean}} options two lockfiles, version 3
 */
export function isInstalled({ wanted, installed, dev }) {
  if (installed === null) return false;
  const has = installed.packages ?? {};
  const needed = Object.entries(wanted.packages ?? {}).filter(
    ([path, entry]) => path.includes("node_modules/") && !entry.optional && (dev || !(entry.dev || entry.devOptional)),
  );
  return needed.every(([path, entry]) => has[path]?.version === entry.version && has[path]?.link === entry.link);
}

// With the link `tac8`, `npx tac8` in the checkout runs this command, and asks no registry for a package of that name. With `node`, the
// scripts of package.json run on the Node that npm installed. npm 9.2, which Debian 12 has, does not create it.
function linkCommands(root) {
  const folder = join(root, "node_modules", ".bin");
  mkdirSync(folder, { recursive: true });
  link(join("..", "..", "bin", "tac8.mjs"), join(folder, "tac8"));
  const node = bundledNode(root);
  if (node !== null) link(relative(folder, node), join(folder, "node"));
}

function link(target, path) {
  if (!lstatSync(path, { throwIfNoEntry: false })) symlinkSync(target, path);
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}
