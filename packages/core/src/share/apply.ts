import { createHash, X509Certificate } from "node:crypto";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { connect } from "node:tls";
import type { Redis } from "ioredis";
import { writeWholeFile } from "../app/wholeFile.ts";
import { localRules, machineRules, shareConf, tlsSettings } from "./conf.ts";
import { readOrNull, readShare, shareFiles, type Share } from "./files.ts";

/** Time limit of a TLS handshake: long enough for a busy Redis. */
const HANDSHAKE_MS = 10_000;

/** Write the configuration file that Redis reads when it starts. @returns its path; null: Redis is not shared */
export async function writeShareConf(dataFolder: string): Promise<string | null> {
  const files = shareFiles(dataFolder);
  const share = readShare(dataFolder);
  const passwordHash = hashIn(files.password);
  if (share === null || passwordHash === null) return null;
  const text = shareConf(share, { files, passwordHash });
  if (readOrNull(files.conf) !== text) await writeWholeFile(files.conf, text);
  return files.conf;
}

/** Apply the settings of `writeShareConf` to a running Redis, so that no restart is needed. `redis`: connected as the default user. */
export async function applyShare(redis: Redis, dataFolder: string): Promise<void> {
  const files = shareFiles(dataFolder);
  const share = readShare(dataFolder);
  const passwordHash = hashIn(files.password);
  if (share === null || passwordHash === null) return;
  // Set the password before the port opens. Open connections are not affected.
  await redis.call("ACL", "SETUSER", "default", ...localRules(passwordHash));
  for (const { name, hash } of share.machines) {
    await redis.call("ACL", "SETUSER", name, ...machineRules(hash));
  }
  await redis.call("CONFIG", "SET", ...tlsSettings(share, files).flat());
  await withdrawFormer(redis, share, readShare(dataFolder));
}

/** Remove users that `tac8 unshare` of another process has removed meanwhile, maybe before this process created them. */
async function withdrawFormer(redis: Redis, before: Share, now: Share | null): Promise<void> {
  const present = new Set(now?.machines.map(({ name }) => name));
  const former = before.machines.map(({ name }) => name).filter((name) => !present.has(name));
  if (now === null) await withdrawShare(redis, former);
  else if (former.length > 0) await redis.call("ACL", "DELUSER", ...former);
}

/** Make a running Redis stop listening for other machines, and remove their users. Redis closes the connections of these users. */
export async function withdrawShare(redis: Redis, names: readonly string[]): Promise<void> {
  await redis.call("CONFIG", "SET", "tls-port", "0");
  if (names.length > 0) await redis.call("ACL", "DELUSER", ...names);
  await redis.call("ACL", "SETUSER", "default", "nopass");
}

/** Return whether the shared Redis listens at this address, and not another program: its certificate is signed by this CA. */
export async function isSharedAt(
  { address, port }: Pick<Share, "address" | "port">,
  dataFolder: string,
): Promise<boolean> {
  const ca = readOrNull(shareFiles(dataFolder).ca);
  if (ca === null) return false;
  // The dates of the certificate are ignored, because the clock may be wrong after a boot.
  const socket = connect({ host: address, port, rejectUnauthorized: false, timeout: HANDSHAKE_MS });
  const certificate = await new Promise<X509Certificate | undefined>((resolve) => {
    socket.once("secureConnect", () => resolve(socket.getPeerX509Certificate()));
    for (const end of ["timeout", "error", "close"]) socket.once(end, () => resolve(undefined));
  });
  socket.on("error", () => undefined).destroy();
  return certificate?.verify(new X509Certificate(ca).publicKey) ?? false;
}

/** Return whether another program uses the port, so that Redis cannot start with it. */
export async function isPortInUse({ address, port }: Pick<Share, "address" | "port">): Promise<boolean> {
  const server = createServer();
  const code = await new Promise<string | undefined>((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    server.listen(port, address, () => resolve(undefined));
  });
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  return code === "EADDRINUSE";
}

/** Return one line for the operator about a port that another program uses, with what to do. Pure. */
export function portInUseLine({ address, port }: Pick<Share, "address" | "port">): string {
  const find = `sudo ss -ltnp sport = :${port}`;
  const cure = `find it (${find}) and end it, and Redis listens there within a minute; or use another port: tac8 share --port PORT`;
  return `another program has the address ${address}:${port}, so other machines do not reach Redis: ${cure}`;
}

/** Return whether an interface of this machine has the address. */
export function hasAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address) ?? false);
}

/** Make Redis listen at the address again, if the machine did not have the address when Redis started: Redis does not retry. */
export async function reopenShare(redis: Redis, dataFolder: string): Promise<void> {
  await redis.call("CONFIG", "SET", "tls-port", "0");
  await applyShare(redis, dataFolder);
}

/** Return the SHA-256 of a file's trimmed text, in hex; null: the file does not exist. */
function hashIn(path: string): string | null {
  const text = readOrNull(path);
  return text === null ? null : hashOf(text.trim());
}

/** Return the SHA-256 of a password in hex, the form in which Redis stores it. */
export function hashOf(password: string): string {
  return createHash("sha256").update(password).digest("hex");
}
