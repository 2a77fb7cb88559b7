import type { Page } from "../board.ts";
import { layout } from "../pages/layout.ts";
import { readOverview } from "./read.ts";
import { overview } from "./view.ts";

const REFRESH_SECONDS = 5;

/** `/`: how things stand, at a glance. */
export const overviewPage: Page = async (board, _request, response) => {
  const snapshot = await readOverview(board);
  const { repositories, github } = board.config;
  const body = overview(snapshot, { repositories, apiUrl: github.api_url, now: board.now() });
  response.type("html").send(layout({ title: "Overview", body, refresh: REFRESH_SECONDS }).text);
};
