import { healthGiven, evaluateHealth } from "@tac8/core/health/evaluate";
import type { Board, Page } from "../services/board.ts";
import { noticeOf } from "../pages/notices.ts";
import { layout } from "../pages/layout.ts";
import type { Topic } from "../live/hub.ts";
import { readOverview } from "./overviewSnapshot.ts";
import { drawParts, overview } from "./view.ts";

const TICK_MS = 2000;
const REFRESH_SECONDS = 5;

/** `/`: the overview. */
export const overviewPage: Page = async (board, request, response) => {
  const body = overview(await partsNow(board));
  const { csrf } = board.access.keys;
  const page = { title: "Overview", body, csrf, live: "/events", refresh: REFRESH_SECONDS, notice: noticeOf(request) };
  response.type("html").send(layout(page).text);
};

/** `/events`: the parts of the overview when they change. */
export const overviewStream: Page = async (board, request, response) => {
  board.live.watch({ request, response }, overviewTopic(board));
};

function overviewTopic(board: Board): Topic {
  return {
    key: "overview",
    every: TICK_MS,
    read: async () => Object.entries(await partsNow(board)).map(([id, html]) => ({ id, html })),
  };
}

async function partsNow(board: Board) {
  const snapshot = await readOverview(board);
  const { repositories, github } = board.config;
  const now = board.now();
  const health = evaluateHealth(snapshot.snapshot, healthGiven(board.config, now));
  return drawParts(snapshot, { repositories, apiUrl: github.api_url, health, now });
}
