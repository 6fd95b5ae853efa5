/** The model that traces of a kernel are held against, and the list of what they may show. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Conformance, forRelease, type ObservationSpec } from '../conformance/index.ts'
import { UsageError } from './exit.ts'
import { openModels, type Models } from './models.ts'
import { diagnosed, filesOf, kernelsOf, packageRoot, type Catalogue } from './questions.ts'

const folder = join(packageRoot, 'src', 'kernel', 'trace')

interface TracedKernel {
  readonly kernel: string
  readonly models: Models
  readonly catalogue: Catalogue
}

/** The kernel that the option names. */
export async function tracedKernel(option: string | undefined): Promise<TracedKernel> {
  if (option === undefined)
    throw new UsageError('which kernel recorded it? --kernel 7.3 (`lastref list kernels` shows all)')
  const own = [join(folder, 'any_page.ts'), join(folder, 'environment.ts')]
  const models = openModels([...own, ...filesOf([], option)])
  const catalogue = await models.catalogue()
  if (catalogue.diagnostics.length > 0) throw diagnosed(catalogue.diagnostics)
  const kernels = kernelsOf(catalogue, option)
  if (kernels.length > 1) throw new UsageError('a trace comes from one kernel; give one --kernel')
  return { kernel: kernels[0], models, catalogue }
}

/** The model of a kernel, ready for traces. */
export async function openConformance(
  option: string | undefined,
  { coverage, unseen = true }: { readonly coverage: boolean; readonly unseen?: boolean },
): Promise<{ conformance: Conformance; kernel: string; spec: ObservationSpec }> {
  const { kernel, models } = await tracedKernel(option)
  const spec = observationsOf(kernel)
  const bounds = Object.assign(
    {},
    ...listed()
      .bounds.filter((b) => b.kernel === kernel.split('+')[0] && !kernel.includes('bio-fix'))
      .map((b) => b.set),
  ) as Record<string, number>
  const system = await models.compile({ scenario: 'any-page', kernel: `${kernel}+environment.ts`, bounds })
  if (!('tasks' in system)) throw diagnosed(system)
  return { conformance: new Conformance({ spec, system, kernel, coverage, unseen }), kernel, spec }
}

/** What a trace of the kernel may show: `6.1.176+bio-fix` runs what 6.1 runs, as far as names of probes go. */
export const observationsOf = (kernel: string): ObservationSpec =>
  forRelease(listed(), kernel.split('+')[0].split('.').slice(0, 2).join('.'), compareReleases)

type Listed = ObservationSpec & {
  readonly bounds: readonly { readonly kernel: string; readonly set: Readonly<Record<string, number>> }[]
}

const listed = (): Listed => JSON.parse(readFileSync(join(folder, 'events.json'), 'utf8')) as Listed

export const compareReleases = (a: string, b: string): number =>
  new Intl.Collator('en', { numeric: true }).compare(a, b)
