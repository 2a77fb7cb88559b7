import { fileURLToPath } from "node:url";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import type { QueueJobJson } from "@bull-board/api/typings/app";
import { Router } from "express";
import type { Board } from "../services/board.ts";
import { RedisUnreachable } from "../redis/unreachable.ts";
import { BoardAdapter } from "./adapter.ts";
import { isSafeRoute } from "./actions.ts";
import { cardLink, cardTitle } from "./cards.ts";
import { destructionGuard } from "./guard.ts";

/** Folder of Bull Board's pages. Bull Board would search for it in node_modules, which a build does not have. */
const UI = new URL("../../../../node_modules/@bull-board/ui", import.meta.url);
/** The link of a job without an address, because Bull Board draws a link for every job. */
const NO_LINK = { displayText: "Overview", href: "/" };

/** Return the router of Bull Board, to be mounted at `/queues`. */
export function queuePages(board: Board): Router {
  const safe = !board.config.board.allow_destructive;
  const queue = new BullMQAdapter(board.queue, {
    displayName: "Issues",
    externalJobUrl: (job: QueueJobJson) => cardLink(job) ?? NO_LINK,
  });
  queue.setFormatter("name", (job: QueueJobJson) => cardTitle(job));
  const serverAdapter = new BoardAdapter({ basePath: "/queues", safe, csrf: board.access.keys.csrf });
  createBullBoard({
    queues: [queue],
    serverAdapter,
    options: {
      uiBasePath: fileURLToPath(UI),
      uiConfig: {
        boardTitle: "tac8",
        miscLinks: [{ text: "Overview", url: "/" }],
        hideDocsLink: true,
        showMetrics: false,
        pollingInterval: { showSetting: true },
      },
      // The rule of the guard again, in case Bull Board matches paths differently.
      handlerHooks: safe ? { before: (context) => ({ allow: isSafeRoute(context) }) } : {},
    },
  });

  const router = Router();
  router.use(destructionGuard(board));
  router.use(async (request, _response, next) => {
    next(request.path.startsWith("/static/") || (await board.probe()) ? undefined : new RedisUnreachable());
  });
  router.use(serverAdapter.getRouter() as Router);
  return router;
}
