# Pages and cmdlets say the same.
BeforeDiscovery {
    $pages = @(Get-ChildItem (Join-Path $PSScriptRoot '../../docs/help') -Filter '*-*.md' | ForEach-Object { @{ Name = $_.BaseName; Path = $_.FullName } })
}

Describe 'The help pages' {
    It 'are one for each cmdlet' {
        $names = Get-ChildItem (Join-Path $PSScriptRoot '../../docs/help') -Filter '*-*.md' | ForEach-Object BaseName | Sort-Object
        $names | Should -Be @(Get-Command -Module OciTools -CommandType Cmdlet | ForEach-Object Name | Sort-Object)
    }

    It 'are pages to Microsoft.PowerShell.PlatyPS too' -Skip:(-not (Get-Module -ListAvailable Microsoft.PowerShell.PlatyPS)) {
        foreach ($page in Get-ChildItem (Join-Path $PSScriptRoot '../../docs/help') -Filter '*-*.md') {
            (Import-MarkdownCommandHelp $page.FullName).Diagnostics.Messages.Where{ $_.Severity -eq 'Error' } | Should -BeNullOrEmpty
            Test-MarkdownCommandHelp $page.FullName | Should -BeTrue
        }
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
        It 'has the name of the cmdlet' {
            $text | Should -Match "(?m)^title: $Name$"
            [regex]::Matches($text, '(?m)^# (.+)$').ForEach{ $_.Groups[1].Value } | Should -BeExactly $Name
        }
        It 'says of each parameter what the cmdlet says' {
            $command = Get-Command $Name
            $fresh = $command.ImplementingType::new()
            $explained = [regex]::Matches($text, '(?ms)^### -(\w+)\n\n(?<prose>.+?)\n\n```yaml\n(?<facts>.+?)\n```')
            $explained.Count | Should -Be @($command.Parameters.Keys | Where-Object { $_ -notin $common }).Count
            $said, $are = @(), @()
            foreach ($match in $explained) {
                $parameter = $command.Parameters[$match.Groups[1].Value]
                $facts = $match.Groups['facts'].Value
                $isWild = [bool]$parameter.Attributes.Where{ $_ -is [System.Management.Automation.SupportsWildcardsAttribute] }
                $sets = [regex]::Matches($facts, '(?ms)^- Name: (?<name>\S+)\n  Position: (?<position>\S+)\n  IsRequired: (?<required>\S+)\n  ValueFromPipeline: (?<value>\S+)\n  ValueFromPipelineByPropertyName: (?<property>\S+)').ForEach{
                    @($_.Groups['name', 'position', 'required', 'value', 'property'].Value) -join ' '
                }
                $own = $parameter.ParameterSets.GetEnumerator().ForEach{
                    @($_.Key -replace '^__AllParameterSets$', '(All)'; $_.Value.Position -lt 0 ? 'Named' : $_.Value.Position; $_.Value.IsMandatory; $_.Value.ValueFromPipeline; $_.Value.ValueFromPipelineByPropertyName) -join ' '
                }
                $said += @($parameter.Name; [regex]::Match($facts, '(?m)^Type: (.+)$').Groups[1].Value; [regex]::Match($facts, '(?s)Aliases:(.*?)ParameterSets:').Groups[1].Value -split '[\s\[\]-]+' -ne ''; $facts -match '(?m)^SupportsWildcards: true$'; $sets | Sort-Object) -join ' '
                $are += @($parameter.Name; $parameter.ParameterType; $parameter.Aliases; $isWild; $own | Sort-Object) -join ' '

                # what a fresh cmdlet holds is the default; these two are PowerShell's own
                if ($parameter.Name -in 'Confirm', 'WhatIf') { continue }
                $held = @($fresh.($parameter.Name)).Where{ $null -ne $_ -and '' -ne $_ }
                if ($held.Count -eq 0) { continue }
                $said += "$($parameter.Name) by default $([regex]::Match($facts, "(?m)^DefaultValue: '?(.*?)'?$").Groups[1].Value -replace '\W')"
                $are += "$($parameter.Name) by default $(($held.ForEach{ $_ -is [Text.Encoding] ? $_.WebName : $_ } -join '') -replace '\W')"
            }
            $said | Should -Be $are
        }
        It 'names every property of what comes out' {
            $outputs = [regex]::Match($text, '(?ms)^## OUTPUTS\n(.+?)^## NOTES').Groups[1].Value
            $named = [regex]::Matches($outputs, '(?ms)^### (?<type>\S+)\n\n(?<prose>.+?)(?=^### |\z)')
            $named.ForEach{ $_.Groups['type'].Value } | Sort-Object | Should -BeExactly @((Get-Command $Name).OutputType.Name | Sort-Object)
            foreach ($one in $named) {
                $type = $one.Groups['type'].Value -as [type]
                if ($type.Namespace -ne 'OciTools') { continue }
                $type.GetProperties().Name.Where{ $one.Groups['prose'].Value -cnotmatch "\b$_\b" } | Should -BeNullOrEmpty -Because $type
            }
        }
        It 'has notes, and links that lead somewhere' {
            [regex]::Match($text, '(?ms)^## NOTES\n+(.+?)^## RELATED LINKS').Groups[1].Value.Length | Should -BeGreaterThan 80
            $links = [regex]::Matches($text, '\]\((?!https?:)([^)]+)\)').ForEach{ $_.Groups[1].Value }
            $links.Count | Should -BeGreaterOrEqual 2
            foreach ($link in $links) { Join-Path (Split-Path $Path) $link | Should -Exist }
        }
        It 'has the syntax of the cmdlet' {
            $written = [regex]::Matches($text, '(?s)```\n(\w+-\w+ .+?)\n```') | ForEach-Object { $_.Groups[1].Value -replace '\s+', ' ' }
            $written | Should -Be @((Get-Command $Name).ParameterSets | ForEach-Object { "$Name $_" -replace '\s+', ' ' })
        }
        It 'is what Get-Help shows' {
            $help = Get-Help $Name -Full
            $help.Synopsis.Trim() | Should -BeExactly ([regex]::Match($text, '(?s)## SYNOPSIS\s+(.+?)\s+## SYNTAX').Groups[1].Value -replace '`' -replace '\[([^\]]+)\]\([^)]+\)', '$1')
            @($help.examples.example).Count | Should -Be ([regex]::Matches($text, '(?m)^### Example').Count)
            foreach ($example in $help.examples.example) {
                $example.code | Should -Match $Name
                $page = [regex]::Match($text, "(?ms)^### $([regex]::Escape(($example.title -replace '^-+ | -+$')))\n+``````powershell\n.+?\n``````\n(?:\n``````Output\n(?<shown>.+?)\n``````)?")
                $page.Success | Should -BeTrue -Because $example.title
                $first = @($example.remarks.Text)[0]
                $first | Should -BeExactly ($page.Groups['shown'].Success ? "Output:`n`n$($page.Groups['shown'].Value)`n" : $first) -Because $example.title
            }
            foreach ($parameter in $help.parameters.parameter) {
                ($parameter.description.Text -join '').Length | Should -BeGreaterThan 10 -Because $parameter.name
                $parameter.required | Should -Be ([string](Get-Command $Name).ParameterSets.ForEach{ $_.Parameters.Where{ $_.Name -eq $parameter.name } }[0].IsMandatory)
            }
            $shown = $help | Out-String -Width 100
            $shown | Should -Not -Match '\]\(|```|(?<![/\w])\*\*\w|\{\{'
        }
        It 'has three examples that parse' {
            $examples = [regex]::Matches($text, '(?s)```powershell\n(.+?)\n```') | ForEach-Object { $_.Groups[1].Value }
            $examples.Count | Should -BeGreaterOrEqual 3
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

Describe 'The topic <Name>' -ForEach @(Get-ChildItem (Join-Path $PSScriptRoot '../../docs/help') -Filter about_*.md | ForEach-Object { @{ Name = $_.BaseName; Path = $_.FullName } }) {
    BeforeAll { $shown = Get-Help $Name | Out-String -Width 200 }
    It 'is what Get-Help shows' {
        $shown | Should -Match "(?s)TOPIC\s+$Name\s+SHORT DESCRIPTION\s+\S.*LONG DESCRIPTION.*SEE ALSO"
        $shown | Should -Not -Match '\]\(|```|(?<![/\w])\*\*\w|\{\{|TODO'
        (Get-Help about_OciTools*).Name | Should -Contain $Name
    }
    It 'leads to topics and cmdlets that there are' {
        $text = Get-Content -Raw $Path
        foreach ($match in [regex]::Matches($text, 'about_OciTools\w*')) { Join-Path (Split-Path $Path) "$($match.Value).md" | Should -Exist }
        foreach ($match in [regex]::Matches($text, '\b([A-Z][a-z]+)-((Image|Layer)[A-Za-z]*)\b')) { Get-Command $match.Value -Module OciTools -ErrorAction Ignore | Should -Not -BeNullOrEmpty -Because $match.Value }
    }
    It 'has code that parses' {
        $codes = [regex]::Matches((Get-Content -Raw $Path), '(?s)```powershell\n(.+?)\n```')
        $codes.Count | Should -BeGreaterThan 0
        foreach ($code in $codes) {
            $errors = $null
            $null = [System.Management.Automation.Language.Parser]::ParseInput($code.Groups[1].Value, [ref]$null, [ref]$errors)
            $errors | Should -BeNullOrEmpty
        }
    }
}
