import type { RepoRef } from "@tac8/core/domain/reference";
import type { Health } from "@tac8/core/domain/healthLevels";
import { chartsPart } from "../charts/part.ts";
import { html, type Html } from "../pages/html.ts";
import { eventsPart } from "./events.ts";
import { finishedPart } from "./finished.ts";
import { holdsPart } from "./holds.ts";
import { nowPart } from "./now.ts";
import { questionsPart } from "./questions.ts";
import type { OverviewSnapshot } from "./overviewSnapshot.ts";
import { runnersPart } from "./runners.ts";
import { statusPart } from "./status.ts";
import { tilesPart } from "./tiles.ts";
import { waitingPart } from "./waiting.ts";

export interface OverviewContext {
  readonly repositories: readonly (RepoRef & { readonly issueLabel: string })[];
  readonly apiUrl: string;
  readonly health: Health;
  /** Epoch ms. */
  readonly now: number;
}

/** A function that renders one part of the overview: an element whose id is the name of the part. */
export type OverviewPart = (snapshot: OverviewSnapshot, context: OverviewContext) => Html;

/** The parts of the overview. Each part is compared and sent separately. */
export const OVERVIEW_PARTS = {
  status: statusPart,
  holds: holdsPart,
  questions: questionsPart,
  tiles: tilesPart,
  now: nowPart,
  waiting: waitingPart,
  finished: finishedPart,
  runners: runnersPart,
  events: eventsPart,
  charts: chartsPart,
} satisfies Record<string, OverviewPart>;

type Parts = Readonly<Record<keyof typeof OVERVIEW_PARTS, Html>>;

export function drawParts(snapshot: OverviewSnapshot, context: OverviewContext): Parts {
  const drawn = Object.entries(OVERVIEW_PARTS).map(([id, draw]) => [id, draw(snapshot, context)] as const);
  return Object.fromEntries(drawn) as Parts;
}

export function overview(parts: Parts): Html {
  return html`${parts.status} ${parts.holds} ${parts.questions} ${parts.tiles} ${parts.now}
    <div class="columns">${parts.waiting} ${parts.finished}</div>
    ${parts.charts}
    <div class="columns">${parts.runners} ${parts.events}</div>`;
}
