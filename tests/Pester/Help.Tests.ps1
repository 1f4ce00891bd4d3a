# Pages and cmdlets say the same.
BeforeDiscovery {
    $pages = @(Get-ChildItem (Join-Path $PSScriptRoot '../../docs/help') -Filter '*-*.md' | ForEach-Object { @{ Name = $_.BaseName; Path = $_.FullName } })
}

Describe 'The help pages' {
    It 'are one for each cmdlet' {
        $names = Get-ChildItem (Join-Path $PSScriptRoot '../../docs/help') -Filter '*-*.md' | ForEach-Object BaseName | Sort-Object
        $names | Should -Be @(Get-Command -Module OciTools -CommandType Cmdlet | ForEach-Object Name | Sort-Object)
    }

    Context '<Name>' -ForEach $pages {
        BeforeAll {
            $text = Get-Content -Raw -LiteralPath $Path
            $common = [System.Management.Automation.PSCmdlet]::CommonParameters
        }
        It 'has the sections of the schema, in order' {
            $sections = [regex]::Matches($text, '(?m)^## (.+)$') | ForEach-Object { $_.Groups[1].Value.Trim() }
            $sections | Should -Be 'SYNOPSIS', 'SYNTAX', 'ALIASES', 'DESCRIPTION', 'EXAMPLES', 'PARAMETERS', 'INPUTS', 'OUTPUTS', 'NOTES', 'RELATED LINKS'
            foreach ($key in 'document type', 'external help file', 'HelpUri', 'Locale', 'Module Name', 'ms.date', 'PlatyPS schema version', 'title') {
                $text | Should -Match "(?m)^${key}: "
            }
        }
        It 'has a synopsis of one sentence' {
            [regex]::Match($text, '(?s)## SYNOPSIS\s+(.+?)\s+## SYNTAX').Groups[1].Value | Should -Match '^[A-Z][^\n]+\.$'
        }
        It 'explains exactly the parameters of the cmdlet' {
            $explained = [regex]::Matches($text, '(?m)^### -(\w+)$') | ForEach-Object { $_.Groups[1].Value }
            $explained | Should -Be @((Get-Command $Name).Parameters.Keys | Where-Object { $_ -notin $common } | Sort-Object)
        }
        It 'has the syntax of the cmdlet' {
            $written = [regex]::Matches($text, '(?s)```\n(\w+-\w+ .+?)\n```') | ForEach-Object { $_.Groups[1].Value -replace '\s+', ' ' }
            $written | Should -Be @((Get-Command $Name).ParameterSets | ForEach-Object { "$Name $_" -replace '\s+', ' ' })
        }
        It 'has examples that parse' {
            $examples = [regex]::Matches($text, '(?s)```powershell\n(.+?)\n```') | ForEach-Object { $_.Groups[1].Value }
            $examples.Count | Should -BeGreaterOrEqual 1
            foreach ($example in $examples) {
                $errors = $null
                $null = [System.Management.Automation.Language.Parser]::ParseInput($example, [ref]$null, [ref]$errors)
                $errors | Should -BeNullOrEmpty
                $example | Should -Match ([regex]::Escape($Name))
            }
        }
        It 'has no placeholder' { $text | Should -Not -Match '\{\{|TODO|FIXME' }
    }
}
