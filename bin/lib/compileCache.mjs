// V8's compiled code of dist/, kept between two commands. Runs on Node 18.
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Keeps the cache in `$XDG_CACHE_HOME/tac8/<version>`, for this user alone: V8 trusts what it finds there. Without a
 * folder that can be used there is no cache; a command then takes longer to start, and works as well.
 */
export function useCompileCache(root) {
  if (process.env.NODE_DISABLE_COMPILE_CACHE) return;
  try {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const folder = join(cacheHome(), "tac8", version);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    module.enableCompileCache?.(folder);
  } catch {
    // A read-only home, or none: see above.
  }
}

function cacheHome() {
  const named = process.env.XDG_CACHE_HOME;
  return named && isAbsolute(named) ? named : join(homedir(), ".cache");
}
