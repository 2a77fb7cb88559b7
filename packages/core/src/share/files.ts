import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sharePassword } from "../config/joined.ts";

/** A machine that may use this Redis. */
export interface Machine {
  /** Its name, which is also its ACL user. */
  readonly name: string;
  /** SHA-256 of its password, in hex. The password itself is only on that machine. */
  readonly hash: string;
  /** Epoch ms. */
  readonly since: number;
}

/** The address at which Redis listens with TLS after `tac8 share`, and the machines that may connect. */
export interface Share {
  /** An IPv4 address of this machine. */
  readonly address: string;
  readonly port: number;
  readonly machines: readonly Machine[];
}

/** Absolute paths in the folder `share` of the data folder, which only this user opens. */
export function shareFiles(dataFolder: string) {
  const folder = join(dataFolder, "share");
  const of = (name: string) => join(folder, name);
  return {
    folder,
    state: of("share.json"),
    /** Configuration that Redis reads when it starts, generated from the others. deploy/systemd/tac8-redis.service names it too. */
    conf: of("redis.conf"),
    ca: of("ca.pem"),
    caKey: of("ca.key"),
    cert: of("server.pem"),
    key: of("server.key"),
    password: sharePassword(dataFolder),
  };
}

/** Return the stored share; null: Redis is not shared. @throws Error when the file cannot be read, or is damaged */
export function readShare(dataFolder: string): Share | null {
  const { state } = shareFiles(dataFolder);
  const text = readOrNull(state);
  if (text === null) return null;
  const share = parseShare(text);
  if (share === null) throw new Error(`${state} is damaged: remove it with its folder, and share again`);
  return share;
}

/** Return the text of a file; null: it does not exist. */
export function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Return the share that the text describes; null: the text is damaged. Pure. */
function parseShare(text: string): Share | null {
  try {
    const found = JSON.parse(text) as Partial<Share>;
    const { address, port, machines } = found;
    if (typeof address !== "string" || typeof port !== "number" || !Array.isArray(machines)) return null;
    const isMachine = ({ name, hash, since }: Machine) =>
      typeof name === "string" && isMachineName(name) && /^[0-9a-f]{64}$/.test(hash) && typeof since === "number";
    return /^[\d.]+$/.test(address) && machines.every(isMachine) ? { address, port, machines } : null;
  } catch {
    return null;
  }
}

/** Return whether a machine may have this name: letters, digits and hyphens, but not `default`, which is a user of Redis. Pure. */
export function isMachineName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,39}$/.test(name) && name !== "default";
}
