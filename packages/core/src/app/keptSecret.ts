import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";

/**
 * Return the secret in this file, made at the first time for its owner alone. Of two processes at the same time, both get the same one.
 * @param options `make`: a new secret; `prepare`: called before the file is made, such as to make its folder
 * @throws Error when the file can be neither read nor made
 */
export function keepSecret(
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
    // An empty file is what a power cut left.
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

/** Null: there is no such file. */
function textIn(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
