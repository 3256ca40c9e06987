// The household office that publishes with the command line, and what it reads of its notices.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chayan, directory, poll } from '../integration/deployment.mjs';

export const day = '1150114';
const PERSON = 'A123456789';
export const about = (office, basis, person = PERSON) => ['--effective', day, '--person', 'clerk-7', '--case', '115-0042',
  '--new-area', '67000', '--office', office, '--name', '王小明', '--birth', '0770520', '--id', person, '--basis', basis];
export const elements = (values) => Object.entries(values).flatMap(([code, value]) => ['--element', `${code}=${value}`]);
export const registered = { registration_date: day };
export const moved = { former_address: '臺北市信義區市府路1號', new_address: '臺南市善化區中山路1號' };
export const evidence = join(directory, 'evidence');

export async function notice(...args) {
  const { code, out, err } = await chayan('notice', ...args);
  assert.equal(code, 0, `chayan notice ${args.join(' ')}: ${out}${err}`);
  return out;
}
export const jsonOf = (out) => JSON.parse(out.split('\n')[0]);
export const publish = async (kind, values, more, person = PERSON) => jsonOf(await notice('publish', '--kind', kind,
  ...elements(values), ...about('hro-shanhua', 'household-act-68', person), ...more, '--json', '--evidence',
  join(evidence, `${kind}.chayan`)));
export const show = async (id) => jsonOf(await notice('show', id, '--json'));
// Waits until each delivery of a notice is in one of these states.
export const awaitStates = (id, states) => poll(`${states} of ${id}`, async () => {
  const shown = await show(id);
  return shown.deliveries.every(({ state }) => states.includes(state)) && shown;
}, { everyMs: 300, patienceMs: 60_000 });
export const THERE = ['delivered', 'handed-over', 'acknowledged'];
export const deliveryTo = (member, { deliveries }) => deliveries.find(({ recipient }) => recipient === member);
