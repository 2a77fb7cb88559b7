import { FLEET, hostThresholds, type HostLimits } from "../domain/thresholds.ts";

/** Return the values that now apply in place of the keys of the former table `[health]`. */
function applied(host: HostLimits): Readonly<Record<string, number>> {
  const { diskGb, memoryMb, temperatureC } = hostThresholds(host);
  const { redisPercent, failedPercent, lagMs, githubPercent } = FLEET;
  return {
    redis_warning_percent: redisPercent.warning,
    redis_critical_percent: redisPercent.closed,
    disk_degraded_gb: diskGb.half,
    disk_critical_gb: diskGb.queue,
    memory_degraded_mb: memoryMb.half,
    temperature_degraded_c: temperatureC.half,
    failure_window: failedPercent.window,
    failure_warning_percent: failedPercent.warning,
    failure_degraded_percent: failedPercent.half,
    lag_warning_ms: lagMs.warning,
    lag_degraded_ms: lagMs.half,
    github_warning_percent: githubPercent.warning,
    github_degraded_percent: githubPercent.half,
  };
}

/**
 * Return the notice about a table `[health]` of an earlier version, on one line. Pure.
 * @param table the table in the file
 * @param host the configuration's `[host]`, from which the limits are derived
 */
export function healthNotice(table: unknown, host: HostLimits): string {
  const found: Readonly<Record<string, unknown>> = typeof table === "object" && table !== null ? { ...table } : {};
  const others = Object.entries(applied(host)).flatMap(([key, now]) => {
    const value = found[key];
    return typeof value === "number" && value !== now ? [`${key} = ${value} (now ${now})`] : [];
  });
  const differs = others.length === 0 ? "" : `; it had other values: ${others.join(", ")}`;
  return `[health] in the configuration no longer has an effect, because its limits are fixed or derived from [host]: remove the table${differs}`;
}
