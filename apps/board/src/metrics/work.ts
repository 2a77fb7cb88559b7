import { FAILURE_KINDS } from "@tac8/core/domain/failures";
import { queueAdmission } from "@tac8/core/status/snapshot";
import { OUTCOMES } from "@tac8/core/domain/states";
import type { Counts } from "@tac8/core/ledger/count";
import { admissionLabels } from "./admissionLabels.ts";
import { MAX_VALUES, type HistogramMetric, type Metric, type Sample } from "./metric.ts";

const TOKEN_TYPES = ["input", "output", "cacheRead", "cacheWrite"] as const;
const SNAKE = { input: "input", output: "output", cacheRead: "cache_read", cacheWrite: "cache_write" } as const;

/** Metrics of the queue and of the work. */
export const WORK: readonly Metric[] = [
  {
    name: "tac8_queue_jobs",
    help: "Jobs by state. delayed: parked, blocked, retrying or deferred.",
    type: "gauge",
    labels: ["state"],
    samples: ({ snapshot: { queue } }) =>
      (["waiting", "active", "delayed", "completed", "failed"] as const).map((state) => ({
        labels: { state },
        value: queue[state],
      })),
  },
  {
    name: "tac8_queue_paused",
    help: "1 while a hold stops the whole queue.",
    type: "gauge",
    labels: [],
    samples: ({ snapshot }) => [{ value: Number(snapshot.queue.paused) }],
  },
  {
    name: "tac8_queue_admission_info",
    help: "1 for the queue's admission (open, half, closed), with the codes of its causes. half: one job starts, as a probe.",
    type: "gauge",
    labels: ["state", "because"],
    samples: ({ snapshot }) => [{ value: 1, labels: admissionLabels(queueAdmission(snapshot)) }],
  },
  {
    name: "tac8_issues_ended_total",
    help: "Outcomes of issues. A blocked issue counts again when it ends.",
    type: "counter",
    labels: ["outcome"],
    samples: ({ snapshot }) =>
      OUTCOMES.map((outcome) => ({ labels: { outcome }, value: snapshot.totals[`outcome|${outcome}`] ?? 0 })),
  },
  {
    name: "tac8_run_failures_total",
    help: "Runs that failed, by kind of failure, including retried ones.",
    type: "counter",
    labels: ["kind"],
    samples: ({ snapshot }) =>
      FAILURE_KINDS.map((kind) => ({ labels: { kind }, value: snapshot.totals[`failure|${kind}`] ?? 0 })),
  },
  {
    name: "tac8_agents_ended_total",
    help: "Agent runs that ended, by cause, such as exited (by itself), timeout or stopped.",
    type: "counter",
    labels: ["cause"],
    samples: ({ snapshot }) => byPrefix(snapshot.totals, "agents|", "cause"),
  },
  {
    name: "tac8_tokens_total",
    help: "Tokens used, by model and type.",
    type: "counter",
    labels: ["model", "type"],
    samples: ({ snapshot }) =>
      modelsOf(snapshot.totals).flatMap((model) =>
        TOKEN_TYPES.map((type) => ({
          labels: { model, type: SNAKE[type] },
          value: snapshot.totals[`tokens|${model}|${type}`] ?? 0,
        })),
      ),
  },
  {
    name: "tac8_cost_usd_total",
    help: "Cost of agents in US dollars, by model.",
    type: "counter",
    labels: ["model"],
    samples: ({ snapshot }) =>
      modelsOf(snapshot.totals).map((model) => ({
        labels: { model },
        value: (snapshot.totals[`cost|${model}`] ?? 0) / 1e6,
      })),
  },
  {
    name: "tac8_holds_begun_total",
    help: "Holds that began, by name. Holds of repositories are counted together.",
    type: "counter",
    labels: ["name"],
    samples: ({ snapshot }) => byPrefix(snapshot.totals, "hold|", "name"),
  },
  {
    name: "tac8_hold_active",
    help: "1 for each current hold.",
    type: "gauge",
    labels: ["name"],
    samples: ({ snapshot }) => snapshot.holds.slice(0, MAX_VALUES).map(({ name }) => ({ labels: { name }, value: 1 })),
  },
  {
    name: "tac8_github_requests_total",
    help: "Requests to GitHub. unchanged: not modified, which costs no rate limit.",
    type: "counter",
    labels: ["result"],
    samples: ({ snapshot: { totals } }) => {
      const unchanged = totals["github|notModified"] ?? 0;
      const answered = Math.max(0, (totals["github|requests"] ?? 0) - unchanged);
      return [
        { labels: { result: "answered" }, value: answered },
        { labels: { result: "unchanged" }, value: unchanged },
      ];
    },
  },
];

export const DURATIONS: readonly HistogramMetric[] = [
  { name: "tac8_agent_run_duration_seconds", help: "Duration of agent runs.", of: "run" },
  {
    name: "tac8_queue_wait_seconds",
    help: "Time that an issue waits in the queue before work on it starts.",
    of: "wait",
  },
  {
    name: "tac8_label_to_pr_seconds",
    help: "Time from an issue's entry into the queue to its pull request.",
    of: "pr",
  },
];

function byPrefix(totals: Counts, prefix: string, label: string): Sample[] {
  return Object.entries(totals)
    .filter(([field]) => field.startsWith(prefix))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MAX_VALUES)
    .map(([field, value]) => ({ labels: { [label]: field.slice(prefix.length) }, value }));
}

function modelsOf(totals: Counts): string[] {
  const models = Object.keys(totals).flatMap((field) => /^cost\|(.*)$/s.exec(field)?.[1] ?? []);
  return models.toSorted().slice(0, MAX_VALUES);
}
