import { LEVELS } from "@tac8/core/domain/healthLevels";
import { z } from "zod";
import { hold, issueName, loggedEvent, outcomes, time } from "./shared.ts";

const admission = z.strictObject({
  state: z
    .enum(["open", "half", "closed"])
    .describe("`half`: a runner uses half of its slots; the queue starts a single job, as a probe"),
  causes: z
    .array(z.strictObject({ code: z.string(), effect: z.enum(["half", "closed"]), text: z.string() }))
    .describe("Every cause, the worst first"),
  because: z.string().describe("The deciding causes as text; empty if `open`"),
});

const summary = z.strictObject({
  outcomes,
  pullRequests: z.int().describe("Pull requests, each counted once"),
  costUsd: z.number(),
  tokens: z.number(),
  agents: z.int().describe("Agent runs that ended"),
  successRate: z
    .number()
    .nullable()
    .describe("Share of pull requests among the issues that ended with a pull request or failed, from 0 to 1"),
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
  limit: z.int().describe("Jobs that it works on at the same time: its slots, or half of them while it is slowed"),
  admission: admission.describe("Whether new work may start on this runner"),
  rests: z.string().nullable().describe("Why it accepts no new jobs; null if it does"),
  seenAt: time,
  machine: machine.nullable(),
  isolation: z
    .strictObject({ mode: z.string(), text: z.string() })
    .nullable()
    .describe("Isolation of its agents; null for a runner of an older version"),
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
    .describe("What its agent did last; null before its first output"),
  tokens: z.number(),
  costUsd: z.number(),
});

export const statusOutput = z.strictObject({
  config: z.strictObject({
    path: z.string().nullable().describe("Configuration file; null if there is none"),
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
            .describe(
              "Deprecated, removed in the next release: the code that versions before 0.2 used; null if it is the same",
            ),
          text: z.string(),
          action: z
            .enum(["slow", "hold"])
            .nullable()
            .describe(
              "What tac8 does about it. `slow`: it starts less new work. `hold`: it holds the queue. Null: nothing",
            ),
          host: z.string().nullable().describe("Machine that it concerns; null: all of them"),
          runbook: z.string().describe("URL of the section that says what to do"),
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
    .describe("Null if none has ever reported"),
  runners: z.array(runner),
  runs: z.array(run).describe("Runs at work, oldest first"),
  queue: z.strictObject({
    waiting: z.int(),
    active: z.int(),
    delayed: z.int(),
    completed: z.int(),
    failed: z.int(),
    paused: z.boolean(),
  }),
  admission: admission.describe("Whether new work may start at all").meta({ sameAs: ".runners[].admission" }),
  questions: z
    .array(z.strictObject({ issue: issueName, title: z.string(), question: z.string(), askedAt: time.nullable() }))
    .describe("Questions that wait for a reply, oldest first"),
  holds: z.array(hold),
  today: summary,
  total: summary.describe("Since tac8 was first started").meta({ sameAs: ".today" }),
  events: z.array(loggedEvent).describe("The newest events, oldest first"),
});
