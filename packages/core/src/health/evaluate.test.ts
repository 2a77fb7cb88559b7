import { expect, test } from "vitest";
import { sections } from "../config/schema.ts";
import { OPEN, type Admission } from "../domain/admission.ts";
import type { Hold } from "../domain/holds.ts";
import type { Snapshot } from "../status/snapshot.ts";
import type { HostPresence, RunnerPresence } from "../state/presence.ts";
import { evaluateHealth } from "./evaluate.ts";

const NOW = 1_764_000_000_000;
const limits = sections.host.parse({});
const given = { now: NOW, pollSeconds: 30, limits };

const FINE: HostPresence = {
  freeMemoryMb: 4000,
  totalMemoryMb: 8000,
  freeDiskGb: 20,
  loadPerCore: 0.5,
  temperatureC: 50,
};
const machine = (change: Partial<HostPresence>): HostPresence => ({ ...FINE, ...change });
const runner = (name: string, change: Partial<RunnerPresence> = {}): RunnerPresence => ({
  name,
  host: name,
  at: NOW,
  pid: 1,
  slots: 3,
  busy: 1,
  tired: null,
  machine: FINE,
  process: { rssMb: 100, lagMs: 3, startedAt: 0 },
  ...change,
});
const paused = { by: "octo", reason: "moving it", since: NOW };
const scheduler = { at: NOW, lastPollAt: NOW - 1000, error: null };
const WELL: Snapshot = {
  scheduler,
  runners: [runner("a"), runner("b")],
  offline: [],
  queue: { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0, paused: false },
  holds: [],
  events: [],
  totals: {},
  today: {},
  ends: [],
  memory: { used: 10, max: 100, policy: "noeviction" },
  writesToDisk: true,
  evaluation: null,
  probing: false,
};

const ends = (failed: number, succeeded: number, at = NOW) => [
  ...Array.from({ length: failed }, () => ({ at, succeeded: false })),
  ...Array.from({ length: succeeded }, () => ({ at, succeeded: true })),
];
const hold = (name: string): Hold => ({ name, reason: "why", by: "who", since: NOW, until: null });
const half = (code: string): Admission => ({ state: "half", causes: [{ code, effect: "half", text: code }] });
const disk = (...gb: (number | null)[]) =>
  gb.map((freeDiskGb, index) => runner(`h${index}`, { machine: machine({ freeDiskGb }) }));
const one = (change: Partial<HostPresence>) => ({ runners: [runner("a", { machine: machine(change) })] });
const lag = (lagMs: number) => ({ rssMb: 1, lagMs, startedAt: 0 });
const rate = (remaining: number, resetAt = NOW + 1000) => ({
  scheduler: { ...scheduler, github: { requests: 1, notModified: 0, rateLimit: { limit: 5000, remaining, resetAt } } },
});
/** The evaluation before, with this reason in it. */
const was = (code: string, level: "warning" | "degraded" | "critical") => ({
  evaluation: {
    level,
    reasons: [{ level, code, text: "", action: null, host: null }],
    at: NOW,
    since: NOW,
    calmSince: null,
  },
});

const CASES: readonly (readonly [name: string, change: Partial<Snapshot>, level: string, reasons: string[]])[] = [
  ["all well", {}, "ok", []],
  [
    "nobody knows anything of the machines",
    { runners: [{ name: "a", host: "a", at: NOW, pid: 1, slots: 1, busy: 0 }] },
    "ok",
    [],
  ],

  ["no scheduler", { scheduler: null }, "critical", ["scheduler"]],
  [
    "a scheduler that never reached GitHub",
    { scheduler: { ...scheduler, lastPollAt: null } },
    "critical",
    ["scheduler"],
  ],
  ["polled 90 s ago", { scheduler: { ...scheduler, lastPollAt: NOW - 90_000 } }, "ok", []],
  ["polled longer ago", { scheduler: { ...scheduler, lastPollAt: NOW - 90_001 } }, "critical", ["scheduler"]],
  ["one failed poll", { scheduler: { ...scheduler, error: "502" } }, "warning", ["scheduler-trouble"]],
  ["a shared port that is taken", { scheduler: { ...scheduler, sharing: "taken" } }, "warning", ["sharing"]],
  [
    "alive in a rate limit's wait",
    { scheduler: { at: NOW, lastPollAt: NOW - 7_200_000, error: "limit", restUntil: NOW + 60_000 } },
    "warning",
    ["scheduler-trouble"],
  ],
  ["a clock that is ahead", { scheduler: { ...scheduler, at: NOW + 5000, lastPollAt: NOW + 5000 } }, "ok", []],

  [
    "agents that share a home folder, said once",
    { runners: ["a", "b"].map((name) => runner(name, { sharedHome: { text: "shared", advice: "change it" } })) },
    "warning",
    ["shared-home"],
  ],
  [
    "agents that nobody chose to leave without isolation",
    { runners: [runner("a", { isolation: { mode: "none", text: "not isolated", advice: "set it" } })] },
    "warning",
    ["isolation"],
  ],
  [
    "agents without isolation by choice",
    { runners: [runner("a", { isolation: { mode: "none", text: "not isolated", advice: null } })] },
    "ok",
    [],
  ],
  ["no runner", { runners: [] }, "critical", ["no-runner"]],
  ["a runner that went silent", { offline: [runner("c")] }, "warning", ["runner-offline:c"]],
  ["the only one went silent", { runners: [], offline: [runner("c")] }, "critical", ["no-runner", "runner-offline:c"]],
  ["one of two is overloaded", { runners: [runner("a"), runner("b", { tired: "hot" })] }, "warning", ["overloaded:b"]],
  [
    "other limits, and an older version",
    { runners: [runner("a", { otherLimits: ["limits.runs"], format: 1 }), runner("b", { format: 2 })] },
    "warning",
    ["limits:a", "older-runner:a"],
  ],
  ["all are overloaded", { runners: [runner("a", { tired: "hot" })] }, "degraded", ["all-rest", "overloaded:a"]],
  ["one of two is paused", { runners: [runner("a"), runner("b", { paused })] }, "warning", ["paused:b"]],
  [
    "one overloaded, one paused",
    { runners: [runner("a", { tired: "hot" }), runner("b", { paused })] },
    "degraded",
    ["all-rest", "overloaded:a", "paused:b"],
  ],

  ["Redis at its warning", { memory: { used: 75, max: 100, policy: "noeviction" } }, "ok", []],
  ["Redis over its warning", { memory: { used: 76, max: 100, policy: "noeviction" } }, "warning", ["redis-memory"]],
  ["Redis nearly full", { memory: { used: 91, max: 100, policy: "noeviction" } }, "critical", ["redis-memory hold"]],
  [
    "Redis a bit better",
    { memory: { used: 80, max: 100, policy: "noeviction" }, ...was("redis-memory", "critical") },
    "critical",
    ["redis-memory hold"],
  ],
  [
    "Redis better",
    { memory: { used: 72, max: 100, policy: "noeviction" }, ...was("redis-memory", "critical") },
    "warning",
    ["redis-memory"],
  ],
  [
    "Redis well again",
    { memory: { used: 60, max: 100, policy: "noeviction" }, ...was("redis-memory", "critical") },
    "ok",
    [],
  ],
  ["Redis without a limit", { memory: { used: 1e12, max: 0, policy: "noeviction" } }, "ok", []],
  ["Redis may evict jobs", { memory: { used: 1, max: 100, policy: "allkeys-lru" } }, "critical", ["redis-policy"]],
  ["Redis could evict jobs", { memory: { used: 1, max: 0, policy: "volatile-ttl" } }, "warning", ["redis-policy"]],
  ["Redis does not say", { memory: { used: 1, max: 0, policy: null } }, "ok", []],
  ["Redis cannot write", { writesToDisk: false }, "critical", ["redis-disk"]],

  ["a short disk", { runners: disk(1.9, 20) }, "degraded", ["disk:h0 slow h0"]],
  ["a disk at its limit", { runners: disk(2, 20) }, "ok", []],
  [
    "a disk that has a little more again",
    { runners: disk(2.3, 20), ...was("disk:h0", "degraded") },
    "degraded",
    ["disk:h0 slow h0"],
  ],
  ["a disk that has enough again", { runners: disk(2.4, 20), ...was("disk:h0", "degraded") }, "ok", []],
  ["another disk's trouble before", { runners: disk(2.3, 20), ...was("disk:h1", "degraded") }, "ok", []],
  ["one full disk of two", { runners: disk(0.1, 20) }, "degraded", ["disk:h0 slow h0"]],
  [
    "every disk full",
    { runners: disk(0.1, 0.4) },
    "critical",
    ["disk-full hold", "disk:h0 slow h0", "disk:h1 slow h1"],
  ],
  ["one full disk, one unknown", { runners: disk(0.1, null) }, "degraded", ["disk:h0 slow h0"]],
  ["little memory", one({ freeMemoryMb: 639 }), "degraded", ["memory:a slow a"]],
  ["enough memory", one({ freeMemoryMb: 640 }), "ok", []],
  [
    "a runner that measures itself, by limits of its own",
    { runners: [runner("a", { machine: machine({ freeDiskGb: 5 }), admission: half("disk") })] },
    "degraded",
    ["disk:a slow a"],
  ],
  [
    "… and one that finds its machine fit",
    { runners: [runner("a", { machine: machine({ freeDiskGb: 1.9 }), admission: OPEN })] },
    "ok",
    [],
  ],
  [
    "a runner of an older version beside it",
    { runners: [runner("a", { admission: half("disk") }), runner("b", { host: "a" })] },
    "degraded",
    ["disk:a slow a"],
  ],
  ["hot", one({ temperatureC: 75.1 }), "degraded", ["temperature:a slow a"]],
  ["warm", one({ temperatureC: 75 }), "ok", []],
  [
    "not yet cool",
    { ...one({ temperatureC: 73 }), ...was("temperature:a", "degraded") },
    "degraded",
    ["temperature:a slow a"],
  ],
  [
    "two runners on one hot machine",
    { runners: ["a", "b"].map((name) => runner(name, { host: "pi", machine: machine({ temperatureC: 90 }) })) },
    "degraded",
    ["temperature:pi slow pi"],
  ],

  ["a late event loop", { runners: [runner("a", { process: lag(1001) })] }, "warning", ["lag:a a"]],
  ["a very late one", { runners: [runner("a", { process: lag(5001) })] }, "degraded", ["lag:a slow a"]],
  ["a late scheduler slows nobody", { scheduler: { ...scheduler, process: lag(9000) } }, "warning", ["lag:scheduler"]],

  ["few ends say nothing", { ends: ends(9, 0) }, "ok", []],
  ["some failed", { ends: ends(6, 14) }, "ok", []],
  ["more failed", { ends: ends(7, 13) }, "warning", ["failures"]],
  ["most failed", { ends: ends(13, 7) }, "degraded", ["failures slow"]],
  ["only the newest count", { ends: [...ends(50, 0), ...ends(0, 20)] }, "ok", []],
  ["only those of a day count", { ends: ends(20, 0, NOW - 86_400_001) }, "ok", []],
  ["fewer failed again", { ends: ends(10, 10), ...was("failures", "degraded") }, "degraded", ["failures slow"]],

  ["requests left", rate(1000), "ok", []],
  ["few requests left", rate(999), "warning", ["github-rate-limit"]],
  ["hardly any requests left", rate(249), "degraded", ["github-rate-limit slow"]],
  ["a rate limit that was reset meanwhile", rate(0, NOW - 1), "ok", []],

  ["an operator's hold", { holds: [hold("operator")] }, "warning", ["hold:operator"]],
  ["a usage limit", { holds: [hold("usage-limit")] }, "warning", ["hold:usage-limit"]],
  ["a repository's hold", { holds: [hold("repo:octo/hello")] }, "warning", ["hold:repo:octo/hello"]],
  ["a tripped breaker", { holds: [hold("breaker")] }, "degraded", ["hold:breaker"]],
  ["a refused login", { holds: [hold("auth")] }, "degraded", ["hold:auth"]],
  ["its own hold", { holds: [hold("health")] }, "ok", []],

  [
    "the worst comes first",
    { scheduler: null, ...one({ temperatureC: 90 }), offline: [runner("c")] },
    "critical",
    ["scheduler", "temperature:a slow a", "runner-offline:c"],
  ],
];

test.each(CASES)("%s", (_name, change, level, reasons) => {
  const health = evaluateHealth({ ...WELL, ...change }, given);
  const words = health.reasons.map(({ code, action, host }) =>
    [code, action, host].filter((word) => word !== null).join(" "),
  );
  expect([health.level, words]).toEqual([level, reasons]);
});

test("0 is no limit", () => {
  const none = { min_free_memory_mb: 0, min_free_disk_gb: 0, max_load_per_core: 0, max_temperature_c: 0 };
  const ill: Snapshot = {
    ...WELL,
    runners: [runner("a", { machine: machine({ freeDiskGb: 0, freeMemoryMb: 0, temperatureC: 200 }) })],
  };
  expect(evaluateHealth(ill, { ...given, limits: none })).toEqual({ level: "ok", reasons: [] });
});

test("a large limit on the scheduler's machine holds no queue: other machines' runners close by their own", () => {
  const large = { ...limits, min_free_disk_gb: 100 };
  const fit: Snapshot = { ...WELL, runners: [runner("a", { admission: OPEN })] };
  expect(evaluateHealth(fit, { ...given, limits: large })).toEqual({ level: "ok", reasons: [] });
});

test("a reason says what, where and what to do, on one line; a long list is cut", () => {
  const many = Array.from({ length: 100 }, (_, index) =>
    runner(`pi-${index}`, { machine: machine({ freeDiskGb: 1 }) }),
  );
  const { reasons } = evaluateHealth({ ...WELL, runners: many }, given);
  expect(reasons).toHaveLength(50);
  expect(reasons[0]?.text).toBe(
    "pi-0 has only 1.0 GB of free disk space: its janitor is cleaning up; if that is not enough, free up space",
  );
});
