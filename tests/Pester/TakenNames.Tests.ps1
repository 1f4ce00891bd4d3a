# A name is taken from what it stands for only by who was told of it: with -Force, or by a yes to a question.
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'Artifacts.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'AnsweringHost.ps1')

    # What has a name, by the place itself: the digest, or in an engine the id.
    function Get-Holder([string] $Name) {
        if ($Name -like 'docker-daemon:*') { return docker -H $World.Docker image inspect -f '{{.Id}}' ($Name -replace '^docker-daemon:') }
        $place, $tag = $Name -split ':(?=[^:]*$)'
        if ($Name -like 'oci:*') { return (Get-Content -Raw "$($place.Substring(4))/index.json" | ConvertFrom-Json).manifests | Where-Object { $_.annotations.'org.opencontainers.image.ref.name' -ceq $tag } | ForEach-Object digest }
        (Invoke-WebRequest "http://$($World.Registry)/v2/$($place.Substring($World.Registry.Length + 1))/manifests/$tag" -Method Head -Headers @{ Accept = "$indexType, $manifestType" } -NoProxy).Headers['Docker-Content-Digest']
    }

    # Names t1, t2, ... of a new place that stand for the arm64 image of the sample, and one for its amd64 image.
    function New-Name([string] $Place, [int] $Count) {
        $id = [guid]::NewGuid().ToString('n')
        $start = switch ($Place) { 'a registry' { "$($World.Registry)/taken/${id}:" } 'a layout' { "oci:$TestDrive/${id}:" } 'an engine' { "docker-daemon:taken/${id}:" } }
        $null = Copy-Image "oci:$($World.Sample):1.0" "${start}other" -Platform linux/amd64 -ErrorAction Stop
        $null = Copy-Image "oci:$($World.Sample):1.0" "${start}t1" -Platform linux/arm64 -ErrorAction Stop
        if ($Count -gt 1) { $null = Add-ImageTag "${start}t1" -Tag @(2..$Count | ForEach-Object { "t$_" }) -ErrorAction Stop }
        $start
    }
}

Describe 'A name that stands for another image' {
    AfterAll {
        $answering.Dispose()
        if ($World['Docker']) { docker -H $World.Docker image ls -q --filter 'reference=taken/*' | Sort-Object -Unique | ForEach-Object { $null = docker -H $World.Docker image rm -f $_ } }
    }

    It 'is asked about in <Place>, each in its turn' -ForEach @{ Place = 'a registry' }, @{ Place = 'a layout' }, @{ Place = 'an engine' } {
        Skip-Without Registry, Docker
        $start = New-Name $Place 3
        $old, $new = (Get-Holder "${start}t1"), (Get-Holder "${start}other")
        $said = Invoke-Answering Y, N, Y "1..3 | ForEach-Object { '${start}t' + `$_ } | Copy-Image '${start}other' -Destination { `$_ }"
        $said.Errors | Should -BeNullOrEmpty
        $said.Questions.Count | Should -Be 3
        $said.Captions | Select-Object -Unique | Should -BeExactly 'Copy image'
        foreach ($i in 0..2) { $said.Questions[$i] | Should -Match "^\S*t$($i + 1) is $old now and would be $new\. " }
        $said.Output.Destination | Should -BeExactly "${start}t1", "${start}t3"
        1..3 | ForEach-Object { Get-Holder "${start}t$_" } | Should -BeExactly $new, $old, $new

        $said = Invoke-Answering N, Y "Add-ImageTag '${start}t2' -Tag t1, new, t3"
        $said.Questions.Count | Should -Be 2
        $said.Output.Tag | Should -BeExactly 'new', 't3'
        't1', 'new', 't3' | ForEach-Object { Get-Holder "${start}$_" } | Should -BeExactly $new, $old, $old
    }

    It 'is left, with an error, by a process whose input has ended' {
        Skip-Without Registry
        $start = New-Name 'a registry' 1
        $old = Get-Holder "${start}t1"
        $script = "Import-Module '$($World.ModulePath)/OciTools.psd1'; Copy-Image '${start}other' '${start}t1' -ErrorAction SilentlyContinue -ErrorVariable failure; Remove-Image '${start}t1' -ErrorAction SilentlyContinue -ErrorVariable +failure; `$failure.FullyQualifiedErrorId"
        $program = @(Get-PwshCommand)
        $said = sh -c '"$@" < /dev/null' sh @program -NoProfile -Command $script
        [regex]::Matches($said -join "`n", '(\w+),OciTools\.').ForEach{ $_.Groups[1].Value } | Should -Be 'TagExists', 'ConfirmationNeeded'
        Get-Holder "${start}t1" | Should -BeExactly $old
    }

    It 'is taken or left for all of a pipeline with one answer' {
        Skip-Without Registry
        $start = New-Name 'a registry' 5
        $old, $new = (Get-Holder "${start}t1"), (Get-Holder "${start}other")
        $script = "1..5 | ForEach-Object { '${start}t' + `$_ } | Copy-Image '${start}other' -Destination { `$_ } -Confirm:`$false"
        $none = Invoke-Answering L $script
        $none.Questions.Count, $none.Output.Count, $none.Errors.Count | Should -Be 1, 0, 0
        1..5 | ForEach-Object { Get-Holder "${start}t$_" } | Select-Object -Unique | Should -BeExactly $old
        $all = Invoke-Answering N, A $script
        $all.Questions.Count, $all.Output.Count, $all.Errors.Count | Should -Be 2, 4, 0
        1..5 | ForEach-Object { Get-Holder "${start}t$_" } | Should -BeExactly $old, $new, $new, $new, $new
        (Invoke-Answering N $script.Replace('-Confirm:$false', '-Force')).Questions | Should -BeNullOrEmpty
        Get-Holder "${start}t1" | Should -BeExactly $new
    }

    It 'is named by -WhatIf, which asks nothing and takes nothing' {
        $start = New-Name 'a layout' 1
        $old = Get-Holder "${start}t1"
        foreach ($script in "Copy-Image '${start}other' '${start}t1' -WhatIf", "Add-ImageTag '${start}other' -Tag t1 -WhatIf", "New-ImageIndex '${start}other' '${start}t1' -WhatIf") {
            $said = Invoke-Answering Y $script
            $said.Questions.Count, $said.Output.Count, $said.Errors.Count | Should -Be 0, 0, 0
            "$($said.Lines)" | Should -Match "taken from $old" -Because $script
        }
        Get-Holder "${start}t1" | Should -BeExactly $old
    }

    It 'is asked about before an index gets it' {
        $start = New-Name 'a layout' 1
        $old = Get-Holder "${start}t1"
        $said = Invoke-Answering N "New-ImageIndex '${start}other' '${start}t1'"
        $said.Questions.Count, $said.Output.Count, $said.Errors.Count | Should -Be 1, 0, 0
        Get-Holder "${start}t1" | Should -BeExactly $old
        $made = Invoke-Answering Y "New-ImageIndex '${start}other' '${start}t1'"
        $made.Questions[0] | Should -Match "t1 is $old now and would be $($made.Output.Digest)\. "
        Get-Holder "${start}t1" | Should -BeExactly $made.Output.Digest
    }

    It 'is asked about where it is a tag of cosign that is taken along' {
        Skip-Without Registry
        $repository, $target = (New-Repository), (New-Repository)
        $image = Push-Image $repository
        $tag = "$($image.digest -replace ':', '-').sig"
        $signature = Push-Artifact $repository application/vnd.example.cosign $null $tag
        $other = Push-Artifact $target application/vnd.example.other $null $tag
        $script = "Copy-Image '$($World.Registry)/${repository}:1.0' '$($World.Registry)/${target}:1' -IncludeReferrers"
        (Invoke-Answering N $script).Questions | Should -Match "$tag is $($other.digest) now and would be $($signature.digest)\."
        Get-ImageDigest "$($World.Registry)/${target}:1" -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $said = Invoke-Answering Y $script
        $said.Output.Referrers, $said.Errors.Count | Should -Be 1, 0
        Get-PeerDigest "docker://$($World.Registry)/${target}:$tag" | Should -BeExactly $signature.digest
    }

    It 'stays where it goes with a manifest that is removed, or goes, for all with one answer' {
        Skip-Without Registry
        $repository = New-Repository
        $digests = @('a', 'b', 'c' | ForEach-Object { (Push-Artifact $repository "application/vnd.example.$_" $null "t$_").digest })
        $script = "'$($digests -join "', '")' | ForEach-Object { '$($World.Registry)/$repository@' + `$_ } | Remove-Image -Confirm:`$false"
        $none = Invoke-Answering L $script
        $none.Questions.Count, $none.Output.Count, $none.Errors.Count | Should -Be 1, 0, 0
        $none.Questions[0] | Should -Match ':t[abc]\.'
        (Invoke-Answering A $script).Questions.Count | Should -Be 1
        Get-ImageTag "$($World.Registry)/$repository" -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }
}
