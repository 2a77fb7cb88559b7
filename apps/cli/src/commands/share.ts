import { messageOf } from "@tac8/core/domain/messageOf";
import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { chooseAddress } from "../share/address.ts";
import { applyShare, hashOf, isSharedAt, withdrawShare, writeShareConf } from "@tac8/core/share/apply";
import { isMachineName, readOrNull, readShare, shareFiles, type Machine, type Share } from "@tac8/core/share/files";
import { writeToken } from "../share/token.ts";
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import type { Redis } from "ioredis";
import type { Context } from "../context/context.ts";
import { Problem, WrongUsage } from "../problems/problem.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { makeCertificates } from "../share/certificates.ts";
import { ownRedis } from "../share/own.ts";
import { renderTable } from "../terminal/table.ts";
import { moment } from "../terminal/time.ts";
import { warn } from "../terminal/warn.ts";

/** Not 6379, which another Redis of the machine may use. */
const PORT = 6380;
/** The first version with `CONFIG SET` of several parameters in one step, and of `bind`. */
const LEAST_MAJOR = 7;

/** Open this machine's Redis, with TLS, to the named machine, which gets its own ACL user. Without a name, list the machines. */
export async function share(context: Context, { args, options }: Input): Promise<number> {
  const name = args[0]?.toLowerCase();
  if (name !== undefined && !isMachineName(name))
    throw new WrongUsage(
      `${name.slice(0, 60)} is not a valid machine name: use letters, digits and hyphens, such as pi-2`,
    );
  const own = ownRedis(context, options["config"] as string | undefined);
  if ("line" in own) {
    context.out.line(own.line);
    return 0;
  }
  const { dataFolder, redis } = own;
  if (redis === null)
    throw new Problem(
      `tac8 up is not running on ${dataFolder}, so there is no Redis to share: start it, then try again`,
    );
  const wanted = {
    address: options["address"] as string | undefined,
    port: portOf(options["port"] as string | undefined),
  };
  const before = readShare(dataFolder);
  return withRedis(
    redis.redisUrl,
    async (redis) => {
      if (name === undefined && wanted.address === undefined && wanted.port === null) {
        await list(context, redis, { dataFolder, share: before });
        return 0;
      }
      await mustBeAble(redis);
      const place = placeFor(context, before, wanted);
      const known = before?.machines.find((machine) => machine.name === name);
      const renew = options["renew"] === true;
      const password = name === undefined || (known !== undefined && !renew) ? null : newPassword();
      const others = before?.machines.filter((machine) => machine !== known || password === null) ?? [];
      const machine: Machine[] =
        name === undefined || password === null ? [] : [{ name, hash: hashOf(password), since: context.now() }];
      const fingerprint = await write(context, dataFolder, { ...place, machines: [...others, ...machine] });
      await open(redis, { dataFolder, before });
      explain(context, { place, name, token: password === null ? null : writeToken({ fingerprint, password }) });
      return 0;
    },
    redis.advice,
  );
}

function portOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1024 || port > 65_535)
    throw new WrongUsage(`--port ${text.slice(0, 20)}: expected 1024 to 65535`);
  return port;
}

/** Return the address to listen on: the current one, unless another one is requested. @throws Problem */
function placeFor(
  { err }: Context,
  before: Share | null,
  wanted: { readonly address: string | undefined; readonly port: number | null },
): Pick<Share, "address" | "port"> {
  const port = wanted.port ?? before?.port ?? PORT;
  if (wanted.address === undefined && before !== null) return { address: before.address, port };
  const chosen = chooseAddress(networkInterfaces(), wanted.address ?? null);
  if ("problem" in chosen) throw new Problem(chosen.problem);
  if (chosen.isPublic) warn(err, `${chosen.address} is a public address: the whole internet can try to connect to it`);
  return { address: chosen.address, port };
}

/** Check that this Redis can listen with TLS. @throws Problem */
async function mustBeAble(redis: Redis): Promise<void> {
  const version = /^redis_version:(\S+)/m.exec(await redis.info("server"))?.[1] ?? "";
  if (Number(version.split(".", 1)[0]) < LEAST_MAJOR)
    throw new Problem(`Redis ${version} is too old to be shared: install Redis 7 or later`);
  const [, found] = (await redis.call("CONFIG", "GET", "tls-port")) as (string | undefined)[];
  if (found === undefined)
    throw new Problem("this redis-server was built without TLS: install the redis-server package of your system");
}

/**
 * Write the certificates first and the configuration of Redis last, so that an interruption opens nothing.
 * @returns the fingerprint of the CA
 */
async function write(context: Context, dataFolder: string, share: Share): Promise<string> {
  const files = shareFiles(dataFolder);
  makeDataFolder(dataFolder);
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  const fingerprint = await makeCertificates(context, { files, address: share.address, host: hostname() });
  if (readOrNull(files.password) === null) await writeWholeFile(files.password, `${newPassword()}\n`);
  await writeWholeFile(files.state, `${JSON.stringify(share)}\n`);
  await writeShareConf(dataFolder);
  return fingerprint;
}

/** Make Redis listen. @throws Problem if it cannot; the previous state is then restored */
async function open(redis: Redis, { dataFolder, before }: { dataFolder: string; before: Share | null }): Promise<void> {
  const files = shareFiles(dataFolder);
  const now = readShare(dataFolder);
  try {
    await applyShare(redis, dataFolder);
    if (now !== null && !(await isSharedAt(now, dataFolder))) throw new Error("nothing responds there");
  } catch (error) {
    const where = now === null ? "" : ` at ${now.address}:${now.port}`;
    if (before === null) {
      const names = now?.machines.map((machine) => machine.name) ?? [];
      await rm(files.folder, { recursive: true, force: true });
      await withdrawShare(redis, names);
    } else {
      await writeWholeFile(files.state, `${JSON.stringify(before)}\n`);
      await writeShareConf(dataFolder);
      await applyShare(redis, dataFolder).catch(() => undefined);
    }
    const advice = "choose another address with --port or --address";
    throw new Problem(`Redis cannot listen${where} (${messageOf(error)}): ${advice}`, { cause: error });
  }
}

function explain(
  { out, err, command }: Context,
  given: { place: Pick<Share, "address" | "port">; name: string | undefined; token: string | null },
): void {
  const { place, name, token } = given;
  const where = `${place.address}:${place.port}`;
  err.line(`Redis listens on ${where}, with TLS.`);
  if (name === undefined) return;
  const line = `tac8 join rediss://${name}@${where}`;
  if (token === null) {
    err.line(`${name} already has access. To join again with its existing token:\n`);
    out.line(`  ${line}\n`);
    err.line(`To replace its token: ${command} share ${name} --renew`);
    return;
  }
  err.line(`On ${name}, which needs tac8 and the same config.toml, run:\n`);
  out.line(`  ${line}\n`);
  err.line("and enter this token. It is secret and shown only once:\n");
  out.line(`  ${token}\n`);
}

async function list(
  { out, now, command }: Context,
  redis: Redis,
  { dataFolder, share }: { readonly dataFolder: string; readonly share: Share | null },
): Promise<void> {
  if (share === null) {
    out.line(`Nothing is shared. To let another machine join: ${command} share NAME`);
    return;
  }
  const { machines } = share;
  const clients = String(await redis.call("CLIENT", "LIST"));
  const open = (await isSharedAt(share, dataFolder)) ? "listens" : "should listen, but does not,";
  out.line(
    `Redis ${open} at ${share.address}:${share.port}, with TLS, for ${machines.length} machine${machines.length === 1 ? "" : "s"}`,
  );
  const isConnected = (name: string) => clients.split("\n").some((line) => line.split(" ").includes(`user=${name}`));
  const rows = machines.map(({ name, since }) => ({ name, since, connected: isConnected(name) }));
  const lines = renderTable({
    rows,
    columns: [
      { title: "MACHINE", text: ({ name }) => name, max: 40 },
      { title: "NOW", text: ({ connected }) => (connected ? "connected" : "not connected"), max: 13 },
      { title: "SINCE", text: ({ since }) => moment(since, now()), max: 40 },
    ],
    width: out.columns ?? 80,
  });
  for (const line of lines) out.line(line);
}

function newPassword(): string {
  return randomBytes(32).toString("base64url");
}
