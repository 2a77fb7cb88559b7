import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { afterEach, expect } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { connectRedis } from "./redis.ts";
import { redisErrorText } from "./redisErrors.ts";

let server: Server | null = null;
afterEach(() => server?.close());

/** First trouble of a client with this address. */
function troubleOf(url: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const redis = connectRedis(url, { name: "test", onError: (error) => resolve(redisErrorText(error)) });
  return promise.finally(() => redis.disconnect());
}

/** A server that answers any first bytes with these, and ends the connection. */
async function serverThatSays(text: string): Promise<number> {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(text));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

fieldTest("E10", "a Redis that does not speak TLS", async () => {
  const port = await serverThatSays("-ERR unknown command\r\n");
  expect(await troubleOf(`rediss://127.0.0.1:${port}`)).toBe("the server does not speak TLS: write redis://");
});

fieldTest("E10", "a host name that nobody knows", async () => {
  expect(await troubleOf("redis://redis.invalid:6379")).toMatch(/^unknown host name|cannot be resolved at the moment$/);
});

fieldTest("E10", "nobody listens, at any of the host's addresses", async () => {
  const port = await serverThatSays("");
  server?.close();
  expect(await troubleOf(`redis://localhost:${port}`)).toBe("connection refused");
});
