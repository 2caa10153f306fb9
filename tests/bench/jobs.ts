// All that is measured, in the tables' order.
import { blockJobs } from './blocks.ts';
import type { Job } from './job.ts';
import { numberJobs } from './numbers.ts';

export const jobs: readonly Job[] = [...numberJobs, ...blockJobs];

/** The jobs of that name, in the tables' order; all if there are none. */
export function chosen(names: readonly string[]): readonly Job[] {
  const unknown = names.find((name) => !jobs.some((job) => job.name === name));
  if (unknown !== undefined)
    throw new Error(`There is no job '${unknown}'. The jobs are ${jobs.map(({ name }) => name).join(', ')}.`);
  return names.length ? jobs.filter(({ name }) => names.includes(name)) : jobs;
}
