// From the rounds' figures to medians with their spread, ratios pair by pair, a table and a chart.

const FIGURES = ['cpu_us', 'rps', 'p50_us', 'p99_us', 'p999_us', 'rss_kib'];

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const round = (value) => Math.round(value * 100) / 100;

// One row a system and setting: medians, and in `spread` the least and the greatest.
export function rowsOf(samples) {
  const groups = new Map();
  for (const sample of samples) {
    const key = [sample.system, sample.workers, sample.in_flight, sample.connections].join('|');
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].map((group) => {
    const { system, workers, in_flight, connections } = group[0];
    const row = { system, workers, in_flight, connections };
    for (const figure of FIGURES) row[figure] = round(median(group.map((sample) => sample[figure])));
    row.errors = group.reduce((sum, sample) => sum + sample.errors + sample.wrong + sample.unanswered, 0);
    row.spread = Object.fromEntries(FIGURES.map((figure) => {
      const values = group.map((sample) => sample[figure]);
      return [figure, [round(Math.min(...values)), round(Math.max(...values))]];
    }));
    return row;
  });
}

// CPU of `of` over that of `to`: the median of the rounds' ratios, each of two measurements of one round.
export function ratio(samples, of, to) {
  const find = (round, what) => samples.find((sample) => sample.round === round
    && Object.entries(what).every(([key, value]) => sample[key] === value));
  const rounds = [...new Set(samples.map((sample) => sample.round))];
  const ratios = rounds.map((number) => [find(number, of), find(number, to)])
    .filter(([a, b]) => a?.cpu_us > 0 && b?.cpu_us > 0).map(([a, b]) => a.cpu_us / b.cpu_us);
  if (ratios.length === 0) return null;
  return { median: round(median(ratios)), least: round(Math.min(...ratios)), greatest: round(Math.max(...ratios)) };
}

// Chayan beside each peer, workers alike, for every setting that was measured.
export function ratiosOf(samples) {
  const settings = [...new Set(samples.map((s) => `${s.in_flight} ${s.connections}`))];
  const ratios = [];
  for (const setting of settings) {
    const [in_flight, connections] = setting.split(' ').map(Number);
    for (const system of ['unary', 'stream']) {
      for (const to of ['nginx', 'haproxy']) {
        for (const workers of [1, 2]) {
          const value = ratio(samples, { system, workers, in_flight, connections },
            { system: to, workers, in_flight, connections });
          if (value) ratios.push({ system, to, workers, in_flight, connections, ...value });
        }
      }
    }
  }
  return ratios;
}

// Cells under their heads; the first column to the left, the others to the right.
export function tableOf(heads, lines) {
  const widths = heads.map((head, i) => Math.max(head.length, ...lines.map((line) => String(line[i]).length)));
  const format = (line) => line.map(String)
    .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ').trimEnd();
  return [heads, widths.map((width) => '-'.repeat(width)), ...lines].map(format).join('\n');
}

export function table(rows) {
  const heads = ['system', 'workers', 'in flight', 'conns', 'CPU µs', '(spread)', 'req/s', 'p50 µs', 'p99 µs',
    'p99.9 µs', 'RSS MiB', 'errors'];
  const lines = rows.map((row) => [row.system, row.workers, row.in_flight, row.connections,
    row.system === 'direct' ? '-' : row.cpu_us.toFixed(1),
    row.system === 'direct' ? '' : row.spread.cpu_us.map((v) => v.toFixed(1)).join('–'), row.rps.toFixed(0),
    row.p50_us.toFixed(0), row.p99_us.toFixed(0), row.p999_us.toFixed(0),
    row.system === 'direct' ? '-' : (row.rss_kib / 1024).toFixed(1), row.errors]);
  return tableOf(heads, lines);
}

const escape = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

// CPU a request by system, a bar each with its spread.
export function chart(rows, title) {
  const bars = rows.filter((row) => row.cpu_us > 0);
  const [left, width, step, top] = [190, 520, 30, 56];
  const scale = width / Math.max(1, ...bars.map((row) => row.spread.cpu_us[1]));
  const height = top + bars.length * step + 24;
  const parts = bars.map((row, i) => {
    const y = top + i * step;
    const [least, greatest] = row.spread.cpu_us.map((value) => left + value * scale);
    const ours = row.system !== 'nginx' && row.system !== 'haproxy';
    const name = `${row.system}, ${row.workers} worker${row.workers > 1 ? 's' : ''}`;
    return `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escape(name)}</text>
<rect x="${left}" y="${y}" width="${(row.cpu_us * scale).toFixed(1)}" height="20" fill="${ours ? '#2a6f97' : '#a9a9a9'}"/>
<line x1="${least.toFixed(1)}" x2="${greatest.toFixed(1)}" y1="${y + 10}" y2="${y + 10}" stroke="#222"/>
<text x="${(greatest + 6).toFixed(1)}" y="${y + 14}">${row.cpu_us.toFixed(1)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 70}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="22" font-size="15">${escape(title)}</text>
<text x="12" y="40" fill="#555">CPU of the process in the middle, µs a request; line: least to greatest of the rounds</text>
${parts.join('\n')}
</svg>
`;
}
