import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { Certificate } from "@tac8/sandbox/certificates";
import { freePort, startRedisServer, type RedisServer } from "@tac8/sandbox/redis";

/** As Sentinel's configuration calls the master. */
export const MASTER_NAME = "tac8";
const SENTINELS = 3;
/** Of each server until it is there. */
const READY_MS = 30_000;

export interface SentinelsOptions {
  /** Folder of all files; must exist. */
  readonly dir: string;
  readonly password: string;
  readonly sentinelPassword: string;
  /** All speak TLS with this certificate, and nothing else. */
  readonly tls?: Certificate;
}

/** A master, a replica and three Sentinels on loopback. When the first master is unreachable, they make the replica the master. */
export interface Sentinels {
  /** `redis+sentinel://…`, without passwords. */
  readonly url: string;
  readonly first: RedisServer;
  readonly second: RedisServer;
  /** Client of one of the two; the caller closes it. */
  connect(server: RedisServer): Redis;
  close(): Promise<void>;
}

/** @throws Error when one of them does not start, or the Sentinels do not find one another. */
export async function startSentinels(options: SentinelsOptions): Promise<Sentinels> {
  const opened: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const each of opened.splice(0).toReversed()) await each();
  };
  try {
    return await startIn(options, { opened, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opened {
  readonly opened: (() => unknown)[];
  readonly close: () => Promise<void>;
}

async function startIn(options: SentinelsOptions, { opened, close }: Opened): Promise<Sentinels> {
  const { dir, password, sentinelPassword, tls } = options;
  const secured = tls === undefined ? {} : { "tls-replication": "yes" };
  const start = async (name: string, settings: Readonly<Record<string, string>>): Promise<RedisServer> => {
    const folder = join(dir, name);
    await mkdir(folder, { recursive: true });
    const server = await startRedisServer({
      dir: folder,
      ...(tls === undefined ? {} : { tls }),
      settings: {
        requirepass: password,
        masterauth: password,
        "repl-diskless-sync-delay": "0",
        ...secured,
        ...settings,
      },
    });
    // A frozen one ends by no other signal.
    opened.push(() => server.stop("SIGKILL"));
    return server;
  };
  const clientOf = (url: string, secret: string): Redis => {
    const { hostname, port } = new URL(url);
    const trusted = tls === undefined ? {} : { tls: { rejectUnauthorized: false } };
    const client = new Redis({ host: hostname, port: Number(port), password: secret, ...trusted });
    client.on("error", () => undefined);
    return client;
  };
  const first = await start("first", {});
  const { hostname, port } = new URL(first.url);
  const second = await start("second", { replicaof: `${hostname} ${port}` });
  const sentinels: { url: string; client: Redis }[] = [];
  for (let index = 0; index < SENTINELS; index += 1) {
    const sentinel = await startSentinel({ ...options, dir: join(dir, `sentinel-${index}`), port });
    opened.push(() => sentinel.stop());
    const client = clientOf(sentinel.url, sentinelPassword);
    opened.push(() => client.disconnect());
    sentinels.push({ url: sentinel.url, client });
  }
  await waitFor("the Sentinels to agree", async () => {
    const seen = await Promise.all(sentinels.map(({ client }) => masterOf(client)));
    return seen.every(({ flags, slaves, others }) => flags === "master" && slaves === "1" && others === "2");
  });
  const replica = clientOf(second.url, password);
  opened.push(() => replica.disconnect());
  await waitFor("the replica", async () => /master_link_status:up/.test(await replica.info("replication")));
  replica.disconnect();
  const hosts = sentinels.map(({ url }) => new URL(url).host).join(",");
  return {
    url: `${tls === undefined ? "redis" : "rediss"}+sentinel://${hosts}/${MASTER_NAME}`,
    first,
    second,
    connect: (server) => clientOf(server.url, password),
    close,
  };
}

async function startSentinel({
  dir,
  password,
  sentinelPassword,
  tls,
  port,
}: SentinelsOptions & { readonly port: string }): Promise<RedisServer> {
  await mkdir(dir, { recursive: true });
  const own = await freePort();
  const secured =
    tls === undefined
      ? [`port ${own}`]
      : [
          "port 0",
          `tls-port ${own}`,
          `tls-cert-file ${tls.cert}`,
          `tls-key-file ${tls.key}`,
          `tls-ca-cert-file ${tls.ca}`,
          "tls-auth-clients no",
          "tls-replication yes",
        ];
  const lines = [
    ...secured,
    "bind 127.0.0.1",
    `dir ${dir}`,
    `requirepass ${sentinelPassword}`,
    `sentinel sentinel-pass ${sentinelPassword}`,
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${port} 2`,
    `sentinel auth-pass ${MASTER_NAME} ${password}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} 1000`,
    `sentinel failover-timeout ${MASTER_NAME} 6000`,
  ];
  const file = join(dir, "sentinel.conf");
  await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return startRedisServer({ dir, sentinel: { file, port: own } });
}

async function masterOf(client: Redis): Promise<{ flags?: string; slaves?: string; others?: string }> {
  const found = (await client.call("SENTINEL", "MASTER", MASTER_NAME)) as string[];
  const field = (name: string): string => found[found.indexOf(name) + 1] ?? "";
  return { flags: field("flags"), slaves: field("num-slaves"), others: field("num-other-sentinels") };
}

async function waitFor(what: string, check: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + READY_MS;
  while (!(await check().catch(() => false))) {
    if (performance.now() > until) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
