import { useEffect, useState } from 'preact/hooks';
import type { FigureProps } from './contract.ts';

/** So long, in milliseconds, nothing changes. */
const REST = 150;

/** The view at hand, which a sample may have answered, and the exact one as soon as `exact` of model.ts gives it. */
export function useExact<Options, View extends { pending: boolean }>({
  view,
  options,
  ask,
}: Pick<FigureProps<Options, View>, 'view' | 'options' | 'ask'>): View {
  const [exact, setExact] = useState<{ of: View; view: View }>();
  useEffect(() => {
    if (!view.pending) return;
    let current = true;
    // A drag goes first: it would wait behind an exact answer that nobody sees.
    const timer = setTimeout(async () => {
      const answer = await ask<View>('exact', options);
      if (current && answer) setExact({ of: view, view: answer });
    }, REST);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [view]);
  return exact?.of === view ? exact.view : view;
}
