// As much of SOAP as the sample agencies' systems need. They are asked by adapters of this deployment alone.
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const unescape = (text) => text.replace(/&(#x?[0-9a-f]+|[a-z]+);/gi, (_, name) => {
  if (!name.startsWith('#')) return ENTITIES[name] ?? '';
  return String.fromCodePoint(name[1] === 'x' ? parseInt(name.slice(2), 16) : Number(name.slice(1)));
});
export const escape = (text) => String(text).replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`);

// The text of the first element of this name; undefined if there is none.
export function textOf(body, name) {
  const found = body.match(new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)</`));
  return found ? unescape(found[1]) : undefined;
}

export const elements = (record) => Object.entries(record)
  .map(([name, value]) => `<${name}>${escape(value)}</${name}>`).join('');

export const envelope = (content, namespace = 'http://schemas.xmlsoap.org/soap/envelope/') =>
  `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="${namespace}"><soap:Body>${content}</soap:Body></soap:Envelope>`;
