import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const VARIABLES = { XDG_DATA_HOME: "data", XDG_CONFIG_HOME: "config", XDG_CACHE_HOME: "cache" };

/**
 * Keep the tests out of the developer's own folders, once per run of Vitest. Processes that inherit the environment get
 * empty default folders; a process with an environment of its own needs a HOME or TAC8_HOME in it.
 * @returns the teardown, which fails the run if a test used a default data folder
 */
export function setup(): () => void {
  const dir = mkdtempSync(join(tmpdir(), "tac8-default-"));
  const before = Object.keys(VARIABLES).map((name) => [name, process.env[name]] as const);
  for (const [name, folder] of Object.entries(VARIABLES)) process.env[name] = join(dir, folder);
  const real = join(homedir(), ".local", "share", "tac8");
  const realBefore = marksIn(real);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    const inherited = namesIn(join(dir, VARIABLES.XDG_DATA_HOME, "tac8")).map((name) => `$XDG_DATA_HOME/tac8/${name}`);
    const changed = [...marksIn(real)].filter(([name, mark]) => realBefore.get(name) !== mark);
    const used = [...inherited, ...changed.map(([name]) => join(real, name))];
    rmSync(dir, { recursive: true, force: true });
    if (used.length === 0) return;
    throw new Error(`tests used a default data folder; give them a HOME or TAC8_HOME of their own: ${used.join(", ")}`);
  };
}

/**
 * Return each data folder with the time of the last `tac8 up` or `tac8 demo` in it. Other changes do not count, because
 * a tac8 of the developer's own may be running in one of the folders during the tests.
 */
function marksIn(folder: string): Map<string, number> {
  const markOf = (name: string) => statSync(join(folder, name, "up.lock"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return new Map(namesIn(folder).map((name) => [name, markOf(name)]));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // The folder does not exist.
  }
}
