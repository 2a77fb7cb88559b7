import { runnerAdmission } from "@tac8/core/state/admission";
import type { HostPresence, ProcessPresence, RunnerPresence } from "@tac8/core/state/presence";
import { admissionLabels } from "./admissionLabels.ts";
import { bytes, MAX_VALUES, type Metric, type MetricFacts, type Sample } from "./metric.ts";

const runners = ({ snapshot }: MetricFacts) => snapshot.runners.slice(0, MAX_VALUES);
const eachRunner = (value: (runner: RunnerPresence) => number) => (facts: MetricFacts) =>
  runners(facts).map((runner): Sample => ({ labels: { runner: runner.name }, value: value(runner) }));

/** Return one sample per machine, because several runners of one machine report the same values. */
function eachHost(value: (machine: HostPresence) => number | null): Metric["samples"] {
  return (facts) => {
    const machines = new Map(
      runners(facts).flatMap(({ host, machine }) => (machine === undefined ? [] : [[host, machine] as const])),
    );
    return [...machines].flatMap(([host, machine]) => {
      const found = value(machine);
      return found === null ? [] : [{ labels: { host }, value: found }];
    });
  };
}

function eachProcess(value: (process: ProcessPresence) => number): Metric["samples"] {
  return (facts) => {
    const reported = [["scheduler", facts.snapshot.scheduler?.process] as const];
    const all = [...reported, ...runners(facts).map(({ name, process }) => [name, process] as const)];
    const known = all.flatMap(([process, found]) => (found === undefined ? [] : [[process, found] as const]));
    return [...known, ["board", facts.board] as const].map(([process, found]) => ({
      labels: { process },
      value: value(found),
    }));
  };
}

function eachLimit(value: (limit: { limit: number; remaining: number; resetAt: number }) => number): Metric["samples"] {
  return (facts) => {
    const reported = [["scheduler", facts.snapshot.scheduler?.github] as const];
    const all = [...reported, ...runners(facts).map(({ name, github }) => [name, github] as const)];
    return all.flatMap(([process, github]) =>
      github?.rateLimit ? [{ labels: { process }, value: value(github.rateLimit) }] : [],
    );
  };
}

const gauge = { type: "gauge" } as const;

/** Metrics of runners, machines and processes, from their own reports. */
export const PROCESSES: readonly Metric[] = [
  {
    ...gauge,
    name: "tac8_agents_running",
    help: "Running agents.",
    labels: ["runner"],
    samples: eachRunner(({ runs = [] }) => runs.filter(({ phase }) => phase === "work").length),
  },
  {
    ...gauge,
    name: "tac8_runner_slots",
    help: "Slots of a runner.",
    labels: ["runner"],
    samples: eachRunner(({ slots }) => slots),
  },
  {
    ...gauge,
    name: "tac8_runner_jobs",
    help: "Slots of a runner that are in use.",
    labels: ["runner"],
    samples: eachRunner(({ busy }) => busy),
  },
  {
    ...gauge,
    name: "tac8_runner_resting",
    help: "1 while a runner accepts no new jobs.",
    labels: ["runner"],
    samples: eachRunner((runner) => Number(runnerAdmission(runner).state === "closed")),
  },
  {
    ...gauge,
    name: "tac8_runner_admission_info",
    help: "1 for a runner's admission (open, half, closed), with the codes of its causes. half: it uses half of its slots.",
    labels: ["runner", "state", "because"],
    samples: (facts) =>
      runners(facts).map((runner) => ({
        labels: { runner: runner.name, ...admissionLabels(runnerAdmission(runner)) },
        value: 1,
      })),
  },
  {
    ...gauge,
    name: "tac8_runner_heartbeat_timestamp_seconds",
    help: "Time of a runner's last heartbeat.",
    labels: ["runner"],
    samples: eachRunner(({ at }) => at / 1000),
  },
  {
    ...gauge,
    name: "tac8_scheduler_heartbeat_timestamp_seconds",
    help: "Time of the scheduler's last heartbeat.",
    labels: [],
    samples: ({ snapshot: { scheduler } }) => (scheduler === null ? [] : [{ value: scheduler.at / 1000 }]),
  },
  {
    ...gauge,
    name: "tac8_scheduler_last_poll_timestamp_seconds",
    help: "Time of the last poll in which every repository answered.",
    labels: [],
    samples: ({ snapshot: { scheduler } }) =>
      typeof scheduler?.lastPollAt === "number" ? [{ value: scheduler.lastPollAt / 1000 }] : [],
  },
  {
    ...gauge,
    name: "tac8_github_rate_limit",
    help: "GitHub's rate limit, in requests per hour.",
    labels: ["process"],
    samples: eachLimit(({ limit }) => limit),
  },
  {
    ...gauge,
    name: "tac8_github_rate_limit_remaining",
    help: "Remaining requests of GitHub's rate limit.",
    labels: ["process"],
    samples: eachLimit(({ remaining }) => remaining),
  },
  {
    ...gauge,
    name: "tac8_github_rate_limit_reset_timestamp_seconds",
    help: "Time at which GitHub's rate limit is reset.",
    labels: ["process"],
    samples: eachLimit(({ resetAt }) => resetAt / 1000),
  },
  {
    ...gauge,
    name: "tac8_host_memory_free_bytes",
    help: "Free memory of a machine.",
    labels: ["host"],
    samples: eachHost(({ freeMemoryMb }) => (freeMemoryMb === null ? null : bytes.ofMb(freeMemoryMb))),
  },
  {
    ...gauge,
    name: "tac8_host_memory_total_bytes",
    help: "Total memory of a machine.",
    labels: ["host"],
    samples: eachHost(({ totalMemoryMb }) => bytes.ofMb(totalMemoryMb)),
  },
  {
    ...gauge,
    name: "tac8_host_disk_free_bytes",
    help: "Free space on the disk of the data folder.",
    labels: ["host"],
    samples: eachHost(({ freeDiskGb }) => (freeDiskGb === null ? null : bytes.ofGb(freeDiskGb))),
  },
  {
    ...gauge,
    name: "tac8_host_load_per_core_ratio",
    help: "Load average of the last minute, per core.",
    labels: ["host"],
    samples: eachHost(({ loadPerCore }) => loadPerCore),
  },
  {
    ...gauge,
    name: "tac8_host_temperature_celsius",
    help: "Temperature of the hottest zone.",
    labels: ["host"],
    samples: eachHost(({ temperatureC }) => temperatureC),
  },
  {
    ...gauge,
    name: "tac8_process_resident_memory_bytes",
    help: "Resident memory of a process of tac8.",
    labels: ["process"],
    samples: eachProcess(({ rssMb }) => bytes.ofMb(rssMb)),
  },
  {
    ...gauge,
    name: "tac8_process_event_loop_lag_seconds",
    help: "Longest event loop delay of a process since its previous heartbeat.",
    labels: ["process"],
    samples: eachProcess(({ lagMs }) => lagMs / 1000),
  },
  {
    ...gauge,
    name: "tac8_process_start_time_seconds",
    help: "Start time of a process.",
    labels: ["process"],
    samples: eachProcess(({ startedAt }) => startedAt / 1000),
  },
];
