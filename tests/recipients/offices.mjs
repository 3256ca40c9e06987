// What recipients do after a notice came: they act hours later, write what cannot be, fall over one, hear of silence.
// Part of notices.test.mjs, on the recipients that it started.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { end, start } from '../connectors/agency.mjs';
import { chayan, directory, entriesFrom, pki, poll, sampleSet } from '../integration/deployment.mjs';
import { THERE, awaitStates, day, deliveryTo, moved, notice, publish, registered, show } from './publisher.mjs';
import { ACCOUNT, SILENT } from './recipients.mjs';

// `recipients` gives them once they run.
export function testOffices(recipients) {
  // What the office of immigration does of notices, written into its own table; and what its adapter writes beside it.
  function writes(values) {
    const names = Object.keys(values);
    recipients().get('nia').sql(`INSERT OR REPLACE INTO chayan_outcome (${names.join(', ')})
      VALUES (${names.map((name) => `'${values[name]}'`).join(', ')})`);
  }
  const toldOf = (id) => poll(`what became of ${id}`, () =>
    recipients().get('nia').sql(`SELECT told FROM chayan_outcome WHERE delivery_id = '${id}'`),
  { everyMs: 300, patienceMs: 60_000 });
  const left = () => publish('household.left', { departure_date: day, ...registered }, []);

  test('An office acts hours later, and its publisher sees what it did', async () => {
    const nia = recipients().get('nia');
    const [acted, doubted] = [await left(), await left()];
    for (const each of [acted, doubted]) await awaitStates(each.notice_id, THERE);
    // Its adapter need not run when the office writes.
    await end(nia.process, 'SIGKILL');
    writes({ delivery_id: deliveryTo('nia', acted).delivery_id, state: 'ACKNOWLEDGED', case_number: 'NIA-115-7' });
    writes({ delivery_id: deliveryTo('nia', doubted).delivery_id, state: 'REJECTED', reason: 'OTHER', words: '旅客仍在境內' });
    nia.run();
    const outcomes = [];
    for (const each of [acted, doubted]) {
      const told = await toldOf(deliveryTo('nia', each).delivery_id);
      const shown = deliveryTo('nia', await show(each.notice_id));
      assert.equal(told, `entry ${shown.steps.at(-1).entry}`);
      outcomes.push(shown);
    }
    assert.equal(outcomes[0].state, 'acknowledged');
    assert.equal(outcomes[0].case_number, 'NIA-115-7');
    assert.equal(outcomes[1].state, 'rejected');
    assert.equal(outcomes[1].reason, 'OTHER');
    assert.equal(outcomes[1].rejection_text, '旅客仍在境內');
    assert.match(await notice('checklist'), new RegExp(outcomes[1].delivery_id));
    // It looked again, and acted after all.
    writes({ delivery_id: outcomes[1].delivery_id, state: 'ACKNOWLEDGED', case_number: 'NIA-115-8' });
    assert.match(await toldOf(outcomes[1].delivery_id), /^entry \d+$/);
    assert.equal(deliveryTo('nia', await show(doubted.notice_id)).case_number, 'NIA-115-8');
  });

  test('An office that writes what cannot be, reads why', async () => {
    const nia = recipients().get('nia');
    const notices = [await left(), await left()];
    for (const each of notices) await awaitStates(each.notice_id, THERE);
    const [first, second] = notices.map((each) => deliveryTo('nia', each).delivery_id);
    // Of another office, so that it never came here.
    const others = deliveryTo('town-shanhua', notices[0]).delivery_id;
    writes({ delivery_id: others, state: 'ACKNOWLEDGED' });
    writes({ delivery_id: first, state: 'DONE' });
    assert.match(await toldOf(others), /no such notice was taken here/);
    assert.match(await toldOf(first), /state: write ACKNOWLEDGED or REJECTED/);
    writes({ delivery_id: first, state: 'ACKNOWLEDGED' });
    assert.match(await toldOf(first), /^entry \d+$/);
    // Somebody of the office had said it by a call, with another case number.
    await notice('ack', second, '--case', '7-115', '--cert', join(pki, 'nia.pem'), '--key', join(pki, 'nia.key'));
    writes({ delivery_id: second, state: 'ACKNOWLEDGED', case_number: 'NIA-115-9' });
    assert.match(await toldOf(second), /no effect: DELIVERY_STATE, entry \d+$/);
    assert.equal(deliveryTo('nia', await show(notices[1].notice_id)).case_number, '7-115');
    assert.equal(nia.sql('SELECT COUNT(*) FROM chayan_outcome WHERE told IS NULL'), '0');
  });

  test('Nobody acknowledges what it never got, or what is for another', async () => {
    const nia = recipients().get('nia');
    await end(nia.process, 'SIGKILL');
    const waiting = await left();
    const id = deliveryTo('nia', waiting).delivery_id;
    const refused = async (member, reason) => {
      const { code, out, err } = await chayan('notice', 'ack', id, '--case', '1', '--cert', join(pki, `${member}.pem`),
        '--key', join(pki, `${member}.key`));
      assert.notEqual(code, 0);
      assert.match(out + err, reason);
    };
    await refused('nia', /DELIVERY_STATE/);
    await refused('town-shanhua', /DELIVERY_NOT_FOUND/);
    assert.equal(deliveryTo('nia', await show(waiting.notice_id)).state, 'scheduled');
    nia.run();
    await awaitStates(waiting.notice_id, THERE);
  });

  test('A database that has a notice whose adapter was killed before it could say so has it once', async () => {
    const taipower = recipients().get('taipower');
    const changes = () => Number(taipower.sql(`SELECT changes FROM customer WHERE account = '${ACCOUNT}'`));
    const before = changes();
    // While somebody else writes into the adapter's inbox, it can take a notice and cannot keep that it did.
    const holder = start('inbox-holder', 'sqlite3', [join(taipower.folder, 'answers.log.inbox')],
      { stdio: ['pipe', 'ignore', 'inherit'] });
    const held = join(taipower.folder, 'held');
    holder.stdin.write(`BEGIN IMMEDIATE;\n.shell touch ${held}\n`);
    await poll('the hold', () => existsSync(held));
    const { notice_id: id } = await publish('household.move', { ...moved, ...registered },
      ['--consent', 'power', '--account', `taipower=${ACCOUNT}`]);
    await poll('the change', () => changes() === before + 1);
    await end(taipower.process, 'SIGKILL');
    assert.equal(deliveryTo('taipower', await show(id)).state, 'scheduled');
    await end(holder, 'SIGKILL');
    taipower.run();
    await poll('the receipt', async () => deliveryTo('taipower', await show(id)).state === 'acknowledged',
      { everyMs: 300, patienceMs: 120_000 });
    assert.equal(changes(), before + 1);
  });

  test('A notice that its recipient\'s system never takes holds up those of its person alone', async () => {
    const labor = recipients().get('labor-insurance');
    const poisoned = 'B123456780';
    const toLabor = (published) => deliveryTo('labor-insurance', published);
    const shownOf = async (published) => toLabor(await show(published.notice_id));
    const death = (person) => publish('person.death', { death_date: day, ...registered }, ['--consent', 'labor'], person);
    labor.sql(`CREATE TRIGGER poison BEFORE INSERT ON chayan_inbox_subject WHEN NEW.number = '${poisoned}'
      BEGIN SELECT RAISE(ABORT, 'poison'); END`);
    const poison = await death(poisoned);
    await poll('some attempts', async () => (await shownOf(poison)).attempts >= 2, { everyMs: 300 });
    const later = await publish('person.birth', { birth_date: day, ...registered }, ['--consent', 'labor'], poisoned);
    const other = await death('C123456781');
    await poll('the other person', () => labor.has(toLabor(other).delivery_id), { everyMs: 300 });
    assert.equal((await shownOf(poison)).reason, 'SYSTEM_REFUSED');
    assert.equal((await shownOf(poison)).state, 'scheduled');
    assert.equal((await shownOf(later)).waits_for_earlier, true);
    labor.sql('DROP TRIGGER poison');
    const [first, second] = [poison, later].map((each) => toLabor(each).delivery_id);
    await poll('the later one', () => labor.has(second), { everyMs: 300, patienceMs: 60_000 });
    assert.equal(labor.sql(`SELECT group_concat(delivery_id, ' ') FROM (SELECT delivery_id FROM chayan_inbox
      WHERE delivery_id IN ('${first}', '${second}') ORDER BY rowid)`), `${first} ${second}`);
  });

  test('An agency begins with what adapter new writes, and that passes its own check', async () => {
    for (const connector of ['sql', 'http', 'file']) {
      const folder = join(directory, `begun-${connector}`);
      const begin = () => chayan('adapter', 'new', 'person.death', '--connector', connector, '--kinds',
        join(sampleSet, 'notices.textproto'), '--out', folder);
      const { code, out, err } = await begin();
      assert.equal(code, 0, out + err);
      const check = await chayan('adapter', 'check', join(folder, 'adapter.textproto'));
      assert.equal(check.code, 0, check.out + check.err);
      assert.match(check.out, /no fault\n.*ok +somebody/s);
      const again = await begin();
      assert.notEqual(again.code, 0);
      assert.match(again.err, /stands already/);
    }
    assert.equal(statSync(join(directory, 'begun-http/hook.secret')).mode & 0o777, 0o600);
  });

  test('A period without notices is said to its recipient, and the log has it', async () => {
    const landQd = recipients().get('land-qd');
    const entry = await poll('the silence', () =>
      landQd.sql(`SELECT entry_index FROM chayan_none_today WHERE subscription = '${SILENT}'`),
    { everyMs: 500, patienceMs: 150_000 });
    const [{ holder, outcome, reason }] = await entriesFrom(Number(entry));
    assert.deepEqual({ holder, outcome, reason }, { holder: 'land-qd', outcome: 'NONE', reason: 'NONE_TODAY' });
  });
}
