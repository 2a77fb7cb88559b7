/**
 * Return one of N parts of a list; together they are the list.
 * @param shard "K/N", from "1/N" to "N/N"; anything else gives an empty part
 */
export function shardOf<T>(all: readonly T[], shard: string): T[] {
  const [, part, parts] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(shard)?.map(Number) ?? [];
  return all.filter((_, index) => part !== undefined && parts !== undefined && index % parts === part - 1);
}
