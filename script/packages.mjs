// The npm packages of this checkout. Runs on Node 18.
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { MINIMUM, bundledNode, ownNodeMajor, ownPath } from "./node.mjs";
import { run, step } from "./step.mjs";

/**
 * `npm ci`, when node_modules is not what package-lock.json says.
 * @param {{root: string, dev: boolean}} options
 * @throws Error with npm's last lines, or with what to do when no fitting Node came along
 */
export function installPackages({ root, dev }) {
  const own = ownNodeMajor();
  // A machine with a new Node of its own spares itself the download of another one.
  const bring = dev || own < MINIMUM;
  const wanted = readJson(join(root, "package-lock.json"));
  const installed = readJson(join(root, "node_modules", ".package-lock.json"));
  const lacksNode = () => own < MINIMUM && !existsSync(bundledNode(root));
  if (!isInstalled({ wanted, installed, dev }) || lacksNode()) ci({ root, dev, optional: bring });
  if (lacksNode()) {
    throw new Error(
      `npm could not bring a Node for ${process.platform} ${process.arch}: install Node ${MINIMUM} or newer (https://nodejs.org), then run this again.`,
    );
  }
  linkCommand(root);
}

function ci({ root, dev, optional }) {
  const flags = [dev ? "--include=dev" : "--omit=dev", optional ? "--include=optional" : "--omit=optional"];
  step(`Installing npm packages${dev ? ", those of the tests too" : ""}`, () => {
    // The machine's own Node: the one in node_modules is about to be removed.
    const env = { PATH: ownPath() };
    const { ok, problem } = run({
      program: "npm",
      args: ["ci", "--loglevel=error", "--no-audit", "--no-fund", ...flags],
      cwd: root,
      env,
      minutes: 30,
    });
    if (!ok) throw new Error(`${problem}\nnpm ci failed in ${root}: see the lines above, then run this again.`);
  });
}

/**
 * Whether npm's record of what it installed has all that the lockfile asks for, whoever installed it. Optional packages
 * (most are for other platforms) do not count.
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

// `npx tac8` would otherwise make an installation of its own in npm's cache.
function linkCommand(root) {
  const folder = join(root, "node_modules", ".bin");
  const link = join(folder, "tac8");
  if (lstatSync(link, { throwIfNoEntry: false })) return;
  mkdirSync(folder, { recursive: true });
  symlinkSync(join("..", "..", "bin", "tac8.mjs"), link);
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}
