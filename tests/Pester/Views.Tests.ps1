# How objects look: every type that a cmdlet gives, and every type that lies in one, filled with the longest values that are met.
BeforeDiscovery {
    # the elements of lists too; texts, numbers and dates have PowerShell's own looks
    function Find-Type([type] $Type, [Collections.Generic.HashSet[type]] $Seen) {
        $inner = @($Type; $Type.GetGenericArguments()).Where{ $_.Namespace -eq 'OciTools' -and -not $_.IsEnum -and -not $_.IsAbstract }
        foreach ($one in $inner) {
            if ($Seen.Add($one)) { $one.GetProperties().ForEach{ Find-Type $_.PropertyType $Seen } }
        }
    }
    $found = [Collections.Generic.HashSet[type]]::new()
    Get-Command -Module OciTools -CommandType Cmdlet | ForEach-Object { $_.OutputType.Type } | Where-Object { $_ } | ForEach-Object { Find-Type $_ $found }
    $cases = @($found | Sort-Object FullName | ForEach-Object { @{ Name = $_.Name; Type = $_ } })
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    $hash = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
    # as long as they are met
    $texts = @{ Compression = 'gzip'; CountedBy = 'Digest'; Permissions = 'drwxrwsr-t'; ErrorId = 'LayerCountMismatch'; Type = 'SymbolicLink'; Device = ''; Kind = 'History'; Change = 'Removed'; Mode = '2775' }
    $digests = 'Digest', 'ImageId', 'EngineId', 'DiffId', 'ChainId', 'LayerDigest', 'SourceDigest', 'DestinationDigest', 'RegistryDigest', 'Expected', 'Actual'
    # cut where they are long; everything else has to be there to its last character
    $free = 'Image', 'Platform', 'Platforms', 'Type', 'MediaType', 'ArtifactType', 'CreatedBy', 'Name', 'FilePath', 'Failed', 'Message', 'Repository', 'Tag', 'Registry', 'UserName', 'Source', 'Path', 'Reason', 'Destination', 'Test'
    # what a narrow terminal may leave out or cut short, as none of them tells one object from another
    $spare = 'ImageConfig.Created', 'ImageDigest.ImageId', 'ImageIndex.Platforms', 'ImageManifest.Type', 'ImageTag.Created', 'LocalImage.Created', 'ImageCheck.Message', 'ImageRegistry.Source'

    # An object of a type with a value in every property; whoever made it would have filled the same fields.
    function New-Filled([type] $Type) {
        $object = [Runtime.CompilerServices.RuntimeHelpers]::GetUninitializedObject($Type)
        for ($level = $Type; $level; $level = $level.BaseType) {
            foreach ($field in $level.GetFields('Instance, NonPublic, DeclaredOnly')) { $field.SetValue($object, (New-Value $field.FieldType ($field.Name -replace '^<(.*)>k__BackingField$', '$1') $Type)) }
        }
        $object
    }

    function New-Value([type] $Type, [string] $Name, [type] $Owner) {
        $inner = [Nullable]::GetUnderlyingType($Type) ?? $Type
        if ($inner.IsEnum) { return [Enum]::GetValues($inner) | Sort-Object { "$_".Length } -Descending | Select-Object -First 1 }
        if ($inner -eq [string]) {
            if ($Name -eq 'Subject' -and $Owner.Name -eq 'ChangedDigest') { return 'Layer 126' }
            if ($Name -in $digests -or ($Name -eq 'Subject' -and $Owner.Name -eq 'ImageReferrer')) { return "sha256:$hash" }
            return $texts.ContainsKey($Name) -and $Owner.Name -ne 'ImageRegistry' ? $texts[$Name] : "registry.example.com:5000/$Name/" + 'many-parts/' * 12 + 'end'
        }
        if ($inner -eq [bool]) { return $Name -ne 'Passed' }
        if ($inner -eq [int]) { return $Name -eq 'Layer' -or $Name -match 'Count$' ? 12345 : 1234567 }
        if ($inner -eq [long]) { return $Name -in 'UserId', 'GroupId' ? 65534 : 123456789012345 }
        if ($inner -eq [datetime]) { return [datetime]::new(2026, 12, 31, 23, 59, 58) }
        if ($inner -eq [timespan]) { return [timespan]::new(99, 23, 59, 58) }
        if ($inner -eq [byte[]]) { return , [byte[]]::new(1234) }
        if ($inner -eq [OciTools.Digest]) { return [OciTools.Digest]::Parse("sha256:$hash") }
        if ($inner -eq [OciTools.Platform]) { return [OciTools.Platform]::Parse('windows/amd64:10.0.20348.1') }
        if ($inner -eq [Collections.Specialized.OrderedDictionary]) { $map = [Collections.Specialized.OrderedDictionary]::new(); $map.Add("$Name-key", "$Name-value"); return $map }
        if ($inner.IsGenericType -and $inner.GetGenericArguments().Count -eq 2) { $map = [Collections.Generic.Dictionary[string, string]]::new(); $map.Add("$Name-key", "$Name-value"); return $map }
        if ($inner.IsGenericType) {
            $element = $inner.GetGenericArguments()[0]
            $array = [Array]::CreateInstance($element, 2)
            foreach ($i in 0, 1) { $array.SetValue((New-Value $element "$Name$i" $Owner), $i) }
            return , $array
        }
        if ($inner.Namespace -eq 'OciTools' -and $inner.IsClass -and -not $inner.IsAbstract) { return New-Filled $inner }
        throw "No value is known for $($Owner.Name).$Name, a $Type."
    }

    # In a language whose dates are long.
    function Show-As([scriptblock] $Format, $Object, [int] $Width = 100) {
        $before = [cultureinfo]::CurrentCulture
        $rendering = $PSStyle.OutputRendering
        try {
            [cultureinfo]::CurrentCulture = 'en-US'
            $PSStyle.OutputRendering = 'PlainText'
            @(($Object | & $Format | Out-String -Width $Width) -split '\r?\n' | Where-Object { $_ })
        }
        finally {
            [cultureinfo]::CurrentCulture = $before
            $PSStyle.OutputRendering = $rendering
        }
    }
}

Describe 'The view of <Name>' -ForEach $cases {
    BeforeAll { $object = New-Filled $Type }

    # a terminal has one column less than it is wide
    It 'is a table of one line for each in <_> columns, in which only long names are cut' -ForEach 79, 80, 99, 100 {
        $columns = $_
        $view = @(Get-FormatData -TypeName $Type.FullName).FormatViewDefinition.Where{ $_.Control -is [Management.Automation.TableControl] }
        $view.Count | Should -Be 1
        $lines = Show-As { $input | Format-Table } @($object, $object) $columns
        $lines.Count | Should -Be 4
        $lines | Where-Object Length -GT $columns | Should -BeNullOrEmpty
        $start = 0
        foreach ($header in $view.Control.Headers) {
            $room = [Math]::Max(0, $columns - $start)
            $isSpare = $columns -lt 99 -and "$($Type.Name).$($header.Label)" -in $spare
            $width = $header.Width -gt 0 -and -not $isSpare ? $header.Width : $room
            $cells = $lines.ForEach{ $_.PadRight($start + $width).Substring($start, $width) }
            $start += $width + 1
            if ($isSpare -and $room -eq 0) { continue }
            $room | Should -BeGreaterOrEqual ($isSpare ? $header.Label.Length : $header.Width -gt 0 ? $header.Width : 16) -Because "$($header.Label) needs room"
            $cells[0].Trim() | Should -BeExactly $header.Label
            $cells[2].Trim() | Should -Not -BeNullOrEmpty -Because $header.Label
            if ($header.Label -notin $free) { $cells[2] | Should -Not -Match '…' -Because $header.Label }
            if ($header.Label -match 'Size$|^(Sent|Reused)$') {
                $header.Alignment | Should -Be 'Right'
                $cells[2] | Should -Match '^ *~?\d{1,3}(\.\d+)? [kMGT]?B( -> \d{1,3}(\.\d+)? [kMGT]?B)?$' -Because $header.Label
            }
            if ($cells[2] -match 'sha256') { $cells[2].Trim() | Should -BeExactly "sha256:$($hash.Substring(0, 12))" }
        }
    }

    It 'is a list of everything' {
        @(Get-FormatData -TypeName $Type.FullName).FormatViewDefinition.Where{ $_.Control -is [Management.Automation.ListControl] }.Count | Should -Be 1
        $text = (Show-As { $input | Format-List } $object) -join "`n"
        $packed = $text -replace '\s'
        foreach ($property in $Type.GetProperties()) {
            # the same again, in another form
            if ("$($Type.Name).$($property.Name)" -in 'ImageConfig.Env', 'ImageFile.FilePathBytes') { continue }
            $text | Should -Match "(?m)^$($property.Name) *:" -Because "$($property.Name) is a property"
            $value = $property.GetValue($object)
            if ($value -is [string]) { $packed.Contains($value -replace '\s') | Should -BeTrue -Because "$($property.Name) is shown in full" }
            elseif ($value -is [long] -or $value -is [int]) { $packed.Contains("$value") | Should -BeTrue -Because "$($property.Name) is shown in full" }
            elseif ($value -is [Collections.IEnumerable] -and $value -isnot [Collections.IDictionary] -and @($value)[0] -is [string]) {
                foreach ($one in $value) { $packed.Contains($one) | Should -BeTrue -Because "$($property.Name) is shown in full" }
            }
            elseif ($value -is [Collections.IDictionary]) { $packed.Contains("$($property.Name)-key=$($property.Name)-value") | Should -BeTrue -Because "$($property.Name) is shown in full" }
        }
    }

    It 'is shown in docs/views.md' {
        $page = Get-Content -Raw (Join-Path $PSScriptRoot '../../docs/views.md')
        $part = @($page -split '(?m)^## ').Where{ ($_ -split '\r?\n')[0] -ceq $Type.FullName }
        $part.Count | Should -Be 1
        # the one that is a list by itself
        if ($Type.Name -eq 'ImageConfig') { return }
        $headers = @(Get-FormatData -TypeName $Type.FullName).FormatViewDefinition.Where{ $_.Control -is [Management.Automation.TableControl] }.Control.Headers
        $part[0] | Should -Match ('(?m)^ *' + ($headers.Label -join ' +') + ' *$')
    }
}

Describe 'Views' {
    It 'have no colours of their own' {
        (Get-Content (Join-Path $World.ModulePath '*.Format.ps1xml')) -join "`n" | Should -Not -Match 'PSStyle|\\e\[|\[char\]27|&#x1b'
    }
}
