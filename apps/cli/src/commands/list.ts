import { ISSUE_STATES } from "@tac8/core/domain/states";
import { MAX_PER_STATE, readIssues } from "../look/issues.ts";
import { renderIssues } from "../look/renderIssues.ts";
import type { CommandSpec } from "../program.ts";
import { UP_RUNNING, withRedis } from "../redis/connect.ts";
import { locate } from "../redis/locate.ts";
import { painter } from "../terminal/text.ts";

/** `--json`: `{issues: IssueRow[]}`, in the order of the table. */
export const list: CommandSpec = {
  usage: "list",
  summary: "the issues that tac8 knows, and where each of them stands",
  options: [
    { flags: "--state <state...>", description: "only these states", choices: ISSUE_STATES },
    { flags: "--json", description: "as JSON" },
  ],
  async run(context, { options }) {
    const { out, now } = context;
    const place = locate(context, options["config"] as string | undefined);
    const states = options["state"] as string[] | undefined;
    const all = await withRedis(place.redisUrl, readIssues, UP_RUNNING);
    const rows = states === undefined ? all : all.filter(({ state }) => states.includes(state));
    if (options["json"] === true) {
      out.line(JSON.stringify({ issues: rows }, null, 2));
      return 0;
    }
    if (rows.length === 0) {
      out.line(
        states === undefined ? "No issues yet: put the label on one, and it appears here." : "No issue in that state.",
      );
      return 0;
    }
    const width = out.columns ?? 120;
    const oneRepository = place.repositories.length === 1;
    out.line(renderIssues({ rows, oneRepository, now: now(), width, paint: painter(out.color) }).join("\n"));
    if (all.length >= MAX_PER_STATE) out.line(`\nOf each kind of state the newest ${MAX_PER_STATE} are shown.`);
    return 0;
  },
};
