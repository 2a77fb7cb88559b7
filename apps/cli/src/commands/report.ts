import { readReport } from "../report/readReport.ts";
import type { Report } from "../report/report.ts";
import type { Context } from "../context/context.ts";
import { WrongUsage } from "../problems/problem.ts";
import { wholeName } from "../status/names.ts";
import { renderMarkdown, renderReport } from "../status/renderReport.ts";
import { pageOf } from "../status/reportSections.ts";
import { reportOutput } from "../json/report.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locate, type Installation } from "../installation/locate.ts";
import { parseSince } from "../terminal/since.ts";
import { painter } from "../terminal/text.ts";

/** Maximum number of issues in the JSON, the most expensive ones. */
const MAX_ISSUES = 1000;

/**
 * Report on the work in a period. The exit code is 0 even if there was none.
 */
export async function report(context: Context, { options }: Input): Promise<number> {
  const { out } = context;
  const now = context.now();
  const [json, markdown] = [options["json"] === true, options["markdown"] === true];
  if (json && markdown) throw new WrongUsage("--json and --markdown cannot be used together");
  const installation = locate(context, options["config"] as string | undefined);
  const since = parseSince(options["since"] as string, now);
  const found = await withRedis(
    installation.redisUrl,
    (redis) => readReport(redis, { since, now }),
    installation.advice,
  );
  const title = `tac8, ${stamp(since)} to ${stamp(now)}`;
  const page = pageOf(found, installation.repositories);
  if (json) out.line(jsonOf(reportOutput, named(found, installation)));
  else if (markdown) out.line(renderMarkdown(page, title).join("\n"));
  else out.line(renderReport(page, { title, width: out.columns ?? 100, paint: painter(out.color) }).join("\n"));
  return 0;
}

function named(found: Report, { repositories }: Installation): Report {
  const dearest = found.issues.slice(0, MAX_ISSUES);
  const issues = dearest.map((figures) => ({ ...figures, issue: wholeName(figures.issue, repositories) }));
  return { ...found, issues };
}

/** Format a time in the local time zone, such as `2026-11-25 14:00`. */
function stamp(at: number): string {
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
