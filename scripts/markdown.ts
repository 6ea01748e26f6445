/** Links and headings of a Markdown page, read alike by the checks of the package and by the site. */

/** Fenced code, inline code, the target of a link or an image, or the value of an HTML attribute that names a file. */
const CODE_OR_TARGET =
  /^(```|~~~)[\s\S]*?^\1[^\n]*$|(`+)(?!`)[\s\S]*?[^`]\2(?!`)|(\]\()([^)\s]+)(?=[)\s])|(\s(?:src|href)=")([^"]+)(?=")/gm;
const FENCED = /^(```|~~~)[\s\S]*?^\1[^\n]*$/gm;
const HEADING = /^#{1,6} (.+)$/gm;

/** Replaces the target of each link and image outside code. */
export function mapTargets(text: string, replace: (target: string) => string): string {
  return text.replaceAll(
    CODE_OR_TARGET,
    (whole: string, _fence, _ticks, bracket?: string, target?: string, attribute?: string, value?: string) => {
      if (bracket !== undefined && target !== undefined) return `${bracket}${replace(target)}`;
      if (attribute !== undefined && value !== undefined) return `${attribute}${replace(value)}`;
      return whole;
    },
  );
}

/** The targets of all links and images outside code. */
export function targetsOf(text: string): string[] {
  const targets: string[] = [];
  mapTargets(text, (target) => {
    targets.push(target);
    return target;
  });
  return targets;
}

/** True for the target of a link that leaves the repository: it has a scheme or a host. */
export const isAbsolute = (target: string): boolean => /^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(target);

/** Text of a heading as a reader sees it. */
export const plainText = (markdown: string): string =>
  markdown.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');

/** The anchor of a heading as code hosts make it, so that a link to a heading works there and on the site. */
export const slugOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');

/** The anchors of a page. The second heading of a name has `-1` at its end, the third `-2`. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replaceAll(FENCED, '').matchAll(HEADING)) {
    const slug = slugOf(plainText(heading));
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
