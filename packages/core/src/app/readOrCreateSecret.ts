import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";

/**
 * Return the secret in this file. The first call creates it, readable only by its owner. Two processes that call this at the same time
 * get the same secret.
 * @param options `make`: returns a new secret; `prepare`: called before the file is created, for example to create its folder
 * @throws Error when the file can be neither read nor created
 */
export function readOrCreateSecret(
  path: string,
  { make, prepare = () => undefined }: { readonly make: () => string; readonly prepare?: () => void },
): string {
  const there = textIn(path);
  if (there) return there;
  prepare();
  const half = `${path}.${randomBytes(6).toString("hex")}`;
  const secret = make();
  try {
    const file = openSync(half, "wx", 0o600);
    try {
      writeSync(file, `${secret}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // A power loss may have left an empty file.
    if (there === "") renameSync(half, path);
    else linkSync(half, path);
    return secret;
  } catch (error) {
    const other = textIn(path);
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && other) return other;
    throw error;
  } finally {
    rmSync(half, { force: true });
  }
}

/** Return the text of a file; null: it does not exist. */
function textIn(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
