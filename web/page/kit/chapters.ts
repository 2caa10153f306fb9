/** Marks the chapter that is being read in the rail, and closes the list that narrow screens open. */
export function followChapters(): void {
  const rail = document.getElementById('chapters')!;
  const links = [...rail.querySelectorAll<HTMLAnchorElement>('a[href^="#"]')];
  const sections = links.map((link) => document.getElementById(link.hash.slice(1))!);

  const mark = () => {
    const line = innerHeight / 3;
    const passed = sections.filter((section) => section.getBoundingClientRect().top <= line).length;
    links.forEach((link, i) => {
      if (i === Math.max(0, passed - 1)) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    });
  };
  let asked = false;
  const later = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      mark();
    });
  };
  addEventListener('scroll', later, { passive: true });
  addEventListener('resize', later);
  mark();
  rail.addEventListener('click', (event) => {
    const leads = (event.target as Element).closest('a, [data-do=copy-link]');
    if (leads && rail.matches(':popover-open')) rail.hidePopover();
  });
}
