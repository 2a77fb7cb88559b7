// Finds the Node that runs tac8. Runs on Node 18.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { basename, delimiter, dirname, join, sep } from "node:path";

/** The oldest Node that runs dist/, as execa and Commander require. */
export const MINIMUM = "22.12";

/** Parse a version: "v26.10.0" → [26, 10]; [0, 0] for other texts. */
export function parseVersion(text) {
  const [, major = 0, minor = 0] = /^v(\d+)\.(\d+)\./.exec(text.trim()) ?? [];
  return [Number(major), Number(minor)];
}

/** Whether a Node of this version runs dist/. */
export function isNewEnough(version) {
  const [major, minor] = parseVersion(version);
  const [wantedMajor, wantedMinor] = MINIMUM.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/**
 * Return the Node of tac8's optional package for this platform; null: it is not installed. npm installs it in tac8's node_modules or
 * beside tac8. Node's module resolution is not used, because it would also search folders of other projects.
 */
export function bundledNode(root) {
  const folders = [join(root, "node_modules"), ...(basename(dirname(root)) === "node_modules" ? [dirname(root)] : [])];
  const files = folders.map((folder) => join(folder, `node-${process.platform}-${process.arch}`, "bin", "node"));
  return files.find(isExecutable) ?? null;
}

/** Whether HTTP requests need a proxy that this Node cannot use. */
function lacksProxy(env) {
  const names = ["http_proxy", "https_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);
  return names.some((name) => env[name]) && !process.getBuiltinModule("node:http").setGlobalProxyFromEnv;
}

/**
 * Return a Node that runs tac8: this one, or the one of the optional package if this one is too old or cannot use the proxy that the
 * environment names.
 * @returns {string} its path
 * @throws Error with a one-line message that says what to do
 */
export function findNode(root, env = process.env) {
  if (isNewEnough(process.version)) {
    const other = lacksProxy(env) ? bundledNode(root) : null;
    return other !== null && isNewEnough(tryNode(other).version) ? other : process.execPath;
  }
  const need = `tac8 needs Node ${MINIMUM} or newer, but this is ${process.version}`;
  const node = bundledNode(root);
  if (node === null) throw new Error(`${need}: install Node ${MINIMUM} or newer (https://nodejs.org)`);
  const { version, answer } = tryNode(node);
  if (isNewEnough(version)) return node;
  const fix = answer.includes("libatomic")
    ? "run: sudo apt-get install -y libatomic1"
    : `install Node ${MINIMUM} or newer (https://nodejs.org)`;
  throw new Error(`${need}; ${node} does not start (${answer || "no output"}): ${fix}`);
}

/** Return PATH without the node_modules folders of projects, which npm adds for its scripts. */
export function ownPath(path = process.env.PATH ?? "") {
  const inside = (folder) => folder.includes(`${sep}node_modules${sep}`) || folder.endsWith(`${sep}node_modules`);
  return path
    .split(delimiter)
    .filter((folder) => folder !== "" && !inside(folder))
    .join(delimiter);
}

/** Whether the Node of the machine runs dist/, regardless of the Node that runs this file. */
export function ownNodeIsNewEnough() {
  if (!process.execPath.includes(`${sep}node_modules${sep}`)) return isNewEnough(process.version);
  const node = findProgram("node", ownPath());
  return node !== null && isNewEnough(tryNode(node).version);
}

/** Return the full path of a program on the PATH; null: it is missing. */
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
  const answer = (error?.message ?? stderr ?? "").trim().split("\n")[0] ?? "";
  return { version: stdout ?? "", answer };
}
