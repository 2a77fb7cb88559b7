import express from "express";
import { once } from "node:events";
import { createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { html } from "../pages/html.ts";
import { createLiveHub } from "./hub.ts";

const hub = createLiveHub({ log: () => undefined });
const server = createServer();
afterEach(() => {
  hub.close();
  server.closeAllConnections();
  server.close();
});

test("a viewer who disconnected before the stream started does not count", async () => {
  const asked = Promise.withResolvers<void>();
  const size = Promise.withResolvers<number>();
  const app = express();
  app.get("/events", async (request, response) => {
    asked.resolve();
    await once(response, "close");
    hub.watch({ request, response }, { key: "it", every: 1000, read: async () => [{ id: "a", html: html`<p></p>` }] });
    size.resolve(hub.size);
  });
  server.on("request", app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const outgoing = ask({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", path: "/events" }).end();
  outgoing.on("error", () => undefined);
  await asked.promise;
  outgoing.destroy();
  expect(await size.promise).toBe(0);
});
