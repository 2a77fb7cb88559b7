import { shownReason } from "../status/statusReport.ts";
import type { Level } from "@tac8/core/domain/healthLevels";
import type { Redis } from "ioredis";
import { readStatus } from "../status/readStatus.ts";
import { renderStatus } from "../status/renderStatus.ts";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { statusOutput } from "../json/status.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { managerOf, readUnits, redisRestart, unitProblems, logCommand, withUnits } from "../services/units.ts";
import { withRedis } from "../redis/connect.ts";
import { locate } from "../installation/locate.ts";
import { painter } from "../terminal/text.ts";

const EVENTS = 5;

/** Exit codes in addition to 1 (Redis is unreachable or the configuration is wrong) and 2 (wrong usage). */
const EXIT_CODES: Readonly<Record<Level, number>> = { ok: 0, warning: 0, degraded: 3, critical: 4 };

/** Show the status of tac8. The exit code depends on its health. */
export async function status(context: Context, { options }: Input): Promise<number> {
  const { out } = context;
  const installation = locate(context, options["config"] as string | undefined);
  const now = context.now();
  const read = (redis: Redis) => readStatus({ redis, installation, events: EVENTS, now });
  const manager = managerOf(context.env);
  const units = await readUnits(context.env);
  const advice = redisRestart(installation.redisUrl) ?? (manager === null ? installation.advice : logCommand(manager));
  const ofRedis = await withRedis(installation.redisUrl, read, advice).catch((error: unknown) => {
    const lines = unitProblems(units, manager).map((unit) => `${unit.text}; ${unit.advice}`);
    throw error instanceof Problem ? new Problem([...lines, ...error.lines], { cause: error }) : error;
  });
  const { level, reasons } = withUnits(ofRedis.health, units, manager);
  const found = reasons.map(shownReason);
  const report = { ...ofRedis, health: { level, reasons: found } };
  if (options["json"] === true) {
    out.line(jsonOf(statusOutput, report));
  } else {
    const { repositories } = installation;
    const how = { repositories, now, width: out.columns ?? 120, paint: painter(out.color) };
    out.line(renderStatus(report, how).join("\n"));
  }
  return EXIT_CODES[report.health.level];
}
