import { LEVELS } from "@tac8/core/domain/healthLevels";
import { z } from "zod";
import { hold, issueName, loggedEvent, outcomes, time } from "./shared.ts";

const admission = z.strictObject({
  state: z
    .enum(["open", "half", "closed"])
    .describe("`open`: yes. `half`: in half of a runner's slots, or one job as a probe. `closed`: no"),
  causes: z
    .array(z.strictObject({ code: z.string(), effect: z.enum(["half", "closed"]), text: z.string() }))
    .describe("The worst first"),
  because: z.string().describe("The causes as text; empty if `open`"),
});

const summary = z.strictObject({
  outcomes,
  pullRequests: z.int().describe("Each counted once"),
  costUsd: z.number(),
  tokens: z.number(),
  agents: z.int().describe("Agent runs that ended"),
  successRate: z
    .number()
    .nullable()
    .describe("From 0 to 1: share of pull requests among pull requests and failed issues"),
});

const machine = z.strictObject({
  freeMemoryMb: z.number().nullable(),
  totalMemoryMb: z.number(),
  freeDiskGb: z.number().nullable(),
  loadPerCore: z.number().nullable(),
  temperatureC: z.number().nullable(),
});

const runner = z.strictObject({
  name: z.string(),
  host: z.string(),
  labels: z.array(z.string()),
  slots: z.int(),
  busy: z.int().describe("Slots in use"),
  limit: z.int().describe("Slots that it may use now"),
  admission: admission.describe("Whether new work may start on the runner"),
  rests: z.string().nullable().describe("Why it accepts no new jobs; null: it accepts them"),
  seenAt: time,
  machine: machine.nullable(),
  isolation: z
    .strictObject({ mode: z.string(), text: z.string() })
    .nullable()
    .describe("Null for a runner of an older version"),
});

const run = z.strictObject({
  issue: issueName,
  title: z.string(),
  runner: z.string(),
  run: z.string().describe("Id of the run"),
  phase: z.enum(["prepare", "work", "publish", "report"]),
  since: time,
  elapsedMs: z.number(),
  last: z
    .strictObject({ at: time, kind: z.string(), text: z.string() })
    .nullable()
    .describe("The agent's newest output"),
  tokens: z.number(),
  costUsd: z.number(),
});

export const statusOutput = z.strictObject({
  config: z.strictObject({
    path: z.string().nullable().describe("Configuration file"),
    isDemo: z.boolean(),
  }),
  health: z.strictObject({
    level: z.enum(LEVELS),
    reasons: z
      .array(
        z.strictObject({
          level: z.enum(LEVELS).exclude(["ok"]),
          code: z.string().describe("`<kind>` or `<kind>:<where>`, stable over versions"),
          formerCode: z
            .string()
            .nullable()
            .describe("Deprecated, removed in the next release: the code before 0.2, if different"),
          text: z.string(),
          action: z
            .enum(["slow", "hold"])
            .nullable()
            .describe("What tac8 does. `slow`: starts less work. `hold`: holds the queue. Null: nothing"),
          host: z
            .string()
            .nullable()
            .describe("Machine, if the reason is about one. Null: see `code`, which names a runner"),
          runbook: z.string().describe("URL of the fix"),
        }),
      )
      .describe("The worst first"),
  }),
  redis: z.strictObject({
    address: z.string(),
    used: z.number().describe("Bytes"),
    max: z.number().describe("Bytes; 0: no limit"),
    policy: z.string().nullable().describe("`maxmemory-policy`"),
  }),
  scheduler: z
    .strictObject({ seenAt: time, lastPollAt: time.nullable(), error: z.string().nullable() })
    .nullable()
    .describe("Null: it has never reported"),
  runners: z.array(runner),
  runs: z.array(run).describe("Active runs, oldest first"),
  queue: z.strictObject({
    waiting: z.int(),
    active: z.int(),
    delayed: z.int(),
    completed: z.int(),
    failed: z.int(),
    paused: z.boolean().describe("Whether a hold stops the whole queue"),
  }),
  admission: admission.describe("Whether new work may start in the queue").meta({ sameAs: ".runners[].admission" }),
  questions: z
    .array(z.strictObject({ issue: issueName, title: z.string(), question: z.string(), askedAt: time.nullable() }))
    .describe("Open questions, oldest first"),
  holds: z.array(hold),
  today: summary,
  total: summary.describe("Since the first start").meta({ sameAs: ".today" }),
  events: z.array(loggedEvent).describe("The newest ones, oldest first"),
});
