// How long a killed gateway took to its first answer, from what a load saw:
//
//   node restarts.mjs NAME LOAD.json START_MS,… BOUND_MS
//
// START_MS: when each restarted process began, by the clock that chayan-load tells outages by. Only an absurd time is a
// fault here; the time itself is printed.
import { readFileSync } from 'node:fs';

const [name, file, starts, bound] = process.argv.slice(2);
const seen = JSON.parse(readFileSync(file, 'utf8'));
if (seen.wrong || seen.unanswered) {
  throw new Error(`${seen.wrong} wrong answers (${seen.first_wrong}), ${seen.unanswered} questions unanswered`);
}
const times = starts.split(',').map(Number);
const took = times.map((start, i) => {
  const outage = seen.outages.find(({ lost_ms }) => lost_ms <= start && (i === 0 || lost_ms > times[i - 1]));
  if (!outage?.first_answer_ms) throw new Error(`no answer after start ${i + 1}: ${JSON.stringify(seen.outages)}`);
  const { first_answer_ms, first_match_ms } = outage;
  return { first: first_answer_ms - start, holder: first_match_ms - start };
});
const list = (key) => took.map((each) => each[key]).join(', ');
console.log(`${name}: from the start of the gateway to its first answer ${list('first')} ms, to a holder's ${list('holder')} ms; `
  + `outcomes ${JSON.stringify(seen.outcomes)}, errors ${JSON.stringify(seen.errors_by_code)}`);
if (Math.max(...took.map(({ first }) => first)) > Number(bound)) throw new Error(`a restart took above ${bound} ms`);
