import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { ApiError, json } from "../answer.ts";
import { actions } from "../actions.ts";
import { Faults } from "../faults.ts";
import { serve } from "./server.ts";
import { Store } from "../store.ts";
import type { GitHubOptions, LocalGitHub } from "../types.ts";
import { views } from "../views.ts";
import { waitFor } from "../wait.ts";

const KEEP_ALIVE_MS = 60_000;

/** Starts the server; resolves when it listens. @throws Error when the port is taken. */
export async function startGitHub(options: GitHubOptions): Promise<LocalGitHub> {
  const { dir, host = "127.0.0.1", port = 0, control = false } = options;
  await mkdir(dir, { recursive: true });
  const store = new Store(dir);
  const faults = new Faults();
  const busy = new Set<Promise<void>>();
  const site = { store, faults, control, publicUrl: options.publicUrl ?? "" };
  const server = createServer((request, response) => {
    const work = serve(site, request, response)
      .catch((error: unknown) => {
        if (response.headersSent || response.destroyed) {
          response.destroy();
          return;
        }
        const refused = error instanceof ApiError ? error : undefined;
        const odd = error instanceof URIError ? 400 : 500;
        const answer = json(refused?.status ?? odd, refused?.body ?? { message: String(error) });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      })
      .finally(() => busy.delete(work));
    busy.add(work);
  });
  // The client closes an unused connection first. After Node's default of 5 s, a request of a busy client may meet a closed one.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the local GitHub listens nowhere");
  const url = `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${address.port}`;
  site.publicUrl ||= url;
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await store.git.close();
    await closed;
    await Promise.allSettled(busy);
  };
  const github: LocalGitHub = {
    ...actions(store),
    ...views(store),
    url,
    publicUrl: site.publicUrl,
    requests: store.requests,
    pushes: store.pushes,
    fault: (request) => faults.add(request),
    clearFaults: () => faults.clear(),
    onRequest(listener) {
      store.events.on("request", listener);
      return () => store.events.off("request", listener);
    },
    waitFor(predicate, waiting = {}) {
      return waitFor({ store, ask: async () => predicate(github), ...waiting });
    },
    close: () => (stopped ??= stop()),
  };
  return github;
}
