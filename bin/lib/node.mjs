// Which Node runs tac8, and which is the machine's own. Runs on Node 18.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join, sep } from "node:path";

/** The first major version that runs TypeScript files as they are. */
export const MINIMUM = 24;

/** "v26.10.0" → 26; 0 for anything else. */
export function majorOf(version) {
  return Number(/^v(\d+)\./.exec(version.trim())?.[1] ?? 0);
}

/** The Node that the npm package `node` brings with it. */
export function bundledNode(root) {
  return join(root, "node_modules", "node", "bin", "node");
}

/**
 * A Node that can run tac8: this one, else the one in node_modules.
 * @returns {{node: string} | {node: null, problem: string}} `problem`: one line for people, with what to do
 */
export function findNode(root) {
  if (majorOf(process.version) >= MINIMUM) return { node: process.execPath };
  const node = bundledNode(root);
  const need = `tac8 needs Node ${MINIMUM} or newer, and this is ${process.version}`;
  if (!existsSync(node)) {
    return {
      node: null,
      problem: `${need}: run "npm start" in ${root}, which brings it along, or install Node ${MINIMUM}.`,
    };
  }
  const { major, said } = tryNode(node);
  if (major >= MINIMUM) return { node };
  const cure = said.includes("libatomic")
    ? "run: sudo apt-get install -y libatomic1"
    : `install Node ${MINIMUM}, or remove ${join(root, "node_modules")} and run "npm start" again`;
  return { node: null, problem: `${need}; ${node} does not run (${said || "no answer"}): ${cure}` };
}

/** PATH without any project's node_modules: npm puts those first for its scripts. */
export function ownPath(path = process.env.PATH ?? "") {
  const inside = (folder) => folder.includes(`${sep}node_modules${sep}`) || folder.endsWith(`${sep}node_modules`);
  return path
    .split(delimiter)
    .filter((folder) => folder !== "" && !inside(folder))
    .join(delimiter);
}

/** The major version of the machine's own Node, whichever Node runs this file. */
export function ownNodeMajor() {
  if (!process.execPath.includes(`${sep}node_modules${sep}`)) return majorOf(process.version);
  const node = findProgram("node", ownPath());
  return node === null ? 0 : tryNode(node).major;
}

/** The full path of a program on the path, or null. */
export function findProgram(name, path = process.env.PATH ?? "") {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    if (folder !== "" && isExecutable(file)) return file;
  }
  return null;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function tryNode(node) {
  const { stdout, stderr, error } = spawnSync(node, ["--version"], { encoding: "utf8", timeout: 20_000 });
  const said = (error?.message ?? stderr ?? "").trim().split("\n")[0] ?? "";
  return { major: majorOf(stdout ?? ""), said };
}
