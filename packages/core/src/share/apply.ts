import { createHash, X509Certificate } from "node:crypto";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { connect } from "node:tls";
import type { Redis } from "ioredis";
import { writeWholeFile } from "../app/wholeFile.ts";
import { localRules, machineRules, shareConf, tlsSettings } from "./conf.ts";
import { readOrNull, readShare, shareFiles, type Share } from "./files.ts";

/** Redis may be busy. */
const HANDSHAKE_MS = 10_000;

/** Write what Redis reads at its start, from what is shared. @returns its path; null: nothing is shared */
export async function writeShareConf(home: string): Promise<string | null> {
  const files = shareFiles(home);
  const share = readShare(home);
  const passwordHash = hashIn(files.password);
  if (share === null || passwordHash === null) return null;
  const text = shareConf(share, { files, passwordHash });
  if (readOrNull(files.conf) !== text) await writeWholeFile(files.conf, text);
  return files.conf;
}

/** Have a running Redis share as `writeShareConf` has it, so that nothing has to be started again. `redis`: as its default user. */
export async function applyShare(redis: Redis, home: string): Promise<void> {
  const files = shareFiles(home);
  const share = readShare(home);
  const passwordHash = hashIn(files.password);
  if (share === null || passwordHash === null) return;
  // Before the port opens. Connections that are open stay what they are.
  await redis.call("ACL", "SETUSER", "default", ...localRules(passwordHash));
  for (const { name, hash } of share.machines) {
    await redis.call("ACL", "SETUSER", name, ...machineRules(hash));
  }
  await redis.call("CONFIG", "SET", ...tlsSettings(share, files).flat());
  await withdrawFormer(redis, share, readShare(home));
}

/** Withdraw what another process ended meanwhile by `tac8 unshare`, which may have come before the users were made here. */
async function withdrawFormer(redis: Redis, before: Share, now: Share | null): Promise<void> {
  const present = new Set(now?.machines.map(({ name }) => name));
  const former = before.machines.map(({ name }) => name).filter((name) => !present.has(name));
  if (now === null) await withdrawShare(redis, former);
  else if (former.length > 0) await redis.call("ACL", "DELUSER", ...former);
}

/** End the listening of a running Redis, and its users. Connections of these users are cut. */
export async function withdrawShare(redis: Redis, names: readonly string[]): Promise<void> {
  await redis.call("CONFIG", "SET", "tls-port", "0");
  if (names.length > 0) await redis.call("ACL", "DELUSER", ...names);
  await redis.call("ACL", "SETUSER", "default", "nopass");
}

/** Return whether the Redis that is shared listens there, and not another program: its certificate is of this CA. */
export async function isSharedAt({ address, port }: Pick<Share, "address" | "port">, home: string): Promise<boolean> {
  const ca = readOrNull(shareFiles(home).ca);
  if (ca === null) return false;
  // Of no matter which date: after a boot the clock may be wrong.
  const socket = connect({ host: address, port, rejectUnauthorized: false, timeout: HANDSHAKE_MS });
  const certificate = await new Promise<X509Certificate | undefined>((resolve) => {
    socket.once("secureConnect", () => resolve(socket.getPeerX509Certificate()));
    for (const end of ["timeout", "error", "close"]) socket.once(end, () => resolve(undefined));
  });
  socket.on("error", () => undefined).destroy();
  return certificate?.verify(new X509Certificate(ca).publicKey) ?? false;
}

/** Return whether something has the port, so that Redis cannot start with it. */
export async function isTaken({ address, port }: Pick<Share, "address" | "port">): Promise<boolean> {
  const server = createServer();
  const code = await new Promise<string | undefined>((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    server.listen(port, address, () => resolve(undefined));
  });
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  return code === "EADDRINUSE";
}

/** One line about a port that something else has, with what to do. Pure. */
export function takenLine({ address, port }: Pick<Share, "address" | "port">): string {
  const find = `sudo ss -ltnp sport = :${port}`;
  const cure = `find it (${find}) and end it, and Redis listens there within a minute; or use another port: tac8 share --port PORT`;
  return `another program has the address ${address}:${port}, so other machines do not reach Redis: ${cure}`;
}

/** Return whether an interface of this machine has the address. */
export function isOurs(address: string): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address) ?? false);
}

/** Open the address again, for one that the machine did not have when Redis started: it would not be tried again. */
export async function reopenShare(redis: Redis, home: string): Promise<void> {
  await redis.call("CONFIG", "SET", "tls-port", "0");
  await applyShare(redis, home);
}

/** SHA-256 of a file's text without blanks around it, in hex; null: it is not there. */
function hashIn(path: string): string | null {
  const text = readOrNull(path);
  return text === null ? null : hashOf(text.trim());
}

/** As Redis keeps passwords. */
export function hashOf(password: string): string {
  return createHash("sha256").update(password).digest("hex");
}
